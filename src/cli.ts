#!/usr/bin/env node
// The terminal's entry point: the same engine, with flags instead of inputs.
import { terminal } from './bundle.ts';

await terminal(import.meta.url);
