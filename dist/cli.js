#!/usr/bin/env node
import{terminal as e}from"./engine.js";await e(import.meta.url);
