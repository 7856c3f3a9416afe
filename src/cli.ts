#!/usr/bin/env node
// What a terminal starts: the same engine, with flags instead of inputs.
import { terminal } from './bundle.ts';

await terminal(import.meta.url);
