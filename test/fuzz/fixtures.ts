// Real documents that fuzzing starts from: recorded clusters, answers, reports, build logs.
import { readFileSync } from 'node:fs';
import { lastState } from '../support/rollout/saved.ts';

const folder = new URL('../fixtures/', import.meta.url);
const known = new Map<string, unknown>();

/** `cluster/NAME` is the last state of a recording; `text:PATH` a file as text; else parsed JSON. */
export function fixture(name: string): unknown {
  if (!known.has(name)) known.set(name, read(name));
  return known.get(name);
}

function read(name: string): unknown {
  if (name.startsWith('cluster/')) return lastState(name.slice('cluster/'.length));
  if (name.startsWith('text:')) return readFileSync(new URL(name.slice(5), folder), 'utf8');
  return JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
}
