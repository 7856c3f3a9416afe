#!/usr/bin/env node
import{terminal as n}from"./engine.js";await n();
