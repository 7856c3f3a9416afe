// A rule that a user writes on an object: CEL, or JSONPath as in `kubectl wait`.
import { plain } from '../../core/plain-text.ts';
import type { KubeObject } from '../objects.ts';
import { celEnvironment, readCel } from './cel.ts';
import { isJsonPath, readJsonPath, textOf } from './json-path.ts';

export const readyKey = 'webgen-deploy/ready';
export const failedKey = 'webgen-deploy/failed';
export const ruleKeys = [readyKey, failedKey] as const;

export interface Held {
  readonly holds: boolean;
  /** What was seen instead, for people; empty where there is nothing to report. */
  readonly seen: string;
}

export interface Rule {
  /** As written, safe to show. */
  readonly text: string;
  /** Never throws: what cannot be evaluated yet does not hold. */
  check(object: KubeObject): Held;
}

export type ReadRule = { readonly rule: Rule } | { readonly problem: string };

const longest = 4_096;

/** Parses a rule; `problem` says in a clause what is wrong with it. */
export function readRule(written: string): ReadRule {
  if (written.trim() === '') return { problem: 'is empty' };
  if (written.length > longest) return { problem: `is longer than ${longest} characters` };
  return isJsonPath(written) ? jsonPathRule(written) : celRule(written);
}

function jsonPathRule(written: string): ReadRule {
  const read = readJsonPath(written);
  if ('problem' in read) return { problem: `is not valid JSONPath: ${read.problem}` };
  const { want, values } = read.path;
  const look = (object: KubeObject): Held => {
    const found = values(object);
    const texts = found.map(textOf);
    const some = found.length > 0;
    const holds = some && (want === undefined || texts.every((text) => text === want));
    const shown = [...new Set(texts)].slice(0, 3).map((text) => plain(text, 60));
    return { holds, seen: some ? `is ${shown.join(', ')}` : 'is not there' };
  };
  const check = (object: KubeObject): Held => {
    try {
      return look(object);
    } catch (error) {
      // Too deep, or too large overall.
      return { holds: false, seen: firstLine(error) };
    }
  };
  return { rule: { text: plain(written, 200), check } };
}

const fields = ['apiVersion', 'kind', 'metadata', 'spec', 'status', 'data'] as const;

// CustomResourceDefinitions say `self`, admission policies `object`, others name the fields directly.
const environment = celEnvironment(['self', 'object', ...fields]);

function celRule(written: string): ReadRule {
  const read = readCel(written, environment);
  if ('problem' in read) return { problem: `is not valid CEL: ${firstLine(read.problem)}` };
  const { type, evaluate } = read;
  if (!['bool', 'dyn'].includes(type)) return { problem: `returns ${type}, not true or false` };
  const check = (object: KubeObject): Held => {
    try {
      const self = celValue(object) as Readonly<Record<string, unknown>>;
      const known = Object.fromEntries(fields.map((name) => [name, self[name] ?? {}]));
      const result: unknown = evaluate({ ...known, self, object: self });
      const odd = typeof result === 'boolean' ? '' : 'returns neither true nor false';
      return { holds: result === true, seen: odd };
    } catch (error) {
      // A field that is not there yet: the expression is right, but cannot be evaluated yet.
      return { holds: false, seen: firstLine(error) };
    }
  };
  return { rule: { text: plain(written, 200), check } };
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : 'it cannot be read';
  return plain(message.slice(0, 1_000).split('\n')[0] ?? '', 200);
}

/** Whole numbers become CEL's int, as in the API server. */
function celValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, celValue(item)]));
}
