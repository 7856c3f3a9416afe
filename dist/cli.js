#!/usr/bin/env node
import{terminal as r}from"./bundle.js";await r(import.meta.url);
