// A workflow as the model reads it: what decides when a job runs, what it gets and what it hands on.
import { parse } from 'yaml';
import type { Value } from './expressions.ts';

type Tree = Readonly<Record<string, unknown>>;

export interface Concurrency {
  readonly group: string;
  readonly cancel: string;
  readonly queue: string;
}

export interface Environment {
  readonly name: string;
  readonly deployment: boolean;
}

/** `all` stands for `read-all` and `write-all`; undefined: as the level above says. */
export type Permissions = Readonly<Record<string, string>> | undefined;

export interface Job {
  readonly if: string | undefined;
  readonly needs: readonly string[];
  readonly environment: Environment | undefined;
  readonly concurrency: Concurrency | undefined;
  readonly permissions: Permissions;
  /** The workflow that it calls. */
  readonly uses: string | undefined;
  readonly with: Readonly<Record<string, Value>>;
  readonly secrets: 'inherit' | Readonly<Record<string, string>>;
  /** Expressions. */
  readonly outputs: Readonly<Record<string, string>>;
}

export interface Workflow {
  readonly name: string;
  /** By event, the branches that it is for; empty: all of them. */
  readonly on: Readonly<Record<string, readonly string[]>>;
  readonly concurrency: Concurrency | undefined;
  readonly permissions: Permissions;
  /** Defaults of the inputs of a call, and of a start by hand. */
  readonly call: Readonly<Record<string, Value>>;
  readonly dispatch: Readonly<Record<string, Value>>;
  /** Outputs of a call, expressions. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const treeOf = (value: unknown): Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};

const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null ? undefined : String(value);

const textsOf = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(treeOf(value)).map(([name, each]) => [name, String(each)]));

const valuesOf = (value: unknown): Readonly<Record<string, Value>> =>
  JSON.parse(JSON.stringify(treeOf(value)));

function concurrencyOf(value: unknown): Concurrency | undefined {
  if (value === undefined || value === null) return undefined;
  const tree = typeof value === 'string' ? { group: value } : treeOf(value);
  const { group, 'cancel-in-progress': cancel = false, queue = '' } = tree as Tree;
  return { group: String(group), cancel: String(cancel), queue: String(queue) };
}

function environmentOf(value: unknown): Environment | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return { name: value, deployment: true };
  const { name = '', deployment = true } = treeOf(value);
  return { name: String(name), deployment: String(deployment) !== 'false' };
}

function permissionsOf(value: unknown): Permissions {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return { all: value.replace(/-all$/, '') };
  return textsOf(value);
}

const listOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((each) => each !== undefined).map(String);

function jobOf(value: unknown): Job {
  const tree = treeOf(value);
  return {
    if: textOf(tree['if']),
    needs: listOf(tree['needs']),
    environment: environmentOf(tree['environment']),
    concurrency: concurrencyOf(tree['concurrency']),
    permissions: permissionsOf(tree['permissions']),
    uses: textOf(tree['uses']),
    with: valuesOf(tree['with']),
    secrets: tree['secrets'] === 'inherit' ? 'inherit' : textsOf(tree['secrets']),
    outputs: textsOf(tree['outputs']),
  };
}

function defaultsOf(inputs: unknown): Readonly<Record<string, Value>> {
  const empty: Readonly<Record<string, Value>> = { boolean: false, number: 0 };
  return Object.fromEntries(
    Object.entries(treeOf(inputs)).map(([name, each]) => {
      const { default: usual, type = 'string' } = treeOf(each);
      return [
        name,
        usual === undefined ? (empty[String(type)] ?? '') : JSON.parse(JSON.stringify(usual)),
      ];
    }),
  );
}

/** `on: push`, `on: [push]` and `on: {push: {branches: [main]}}`. */
function triggersOf(on: unknown): Workflow['on'] {
  if (typeof on === 'string' || Array.isArray(on)) {
    return Object.fromEntries(listOf(on).map((name) => [name, []]));
  }
  return Object.fromEntries(
    Object.entries(treeOf(on)).map(([name, each]) => [name, listOf(treeOf(each)['branches'])]),
  );
}

export function readWorkflow(text: string): Workflow {
  const tree = treeOf(parse(text));
  const on = treeOf(tree['on']);
  const call = treeOf(on['workflow_call']);
  return {
    name: textOf(tree['name']) ?? '',
    on: triggersOf(tree['on']),
    concurrency: concurrencyOf(tree['concurrency']),
    permissions: permissionsOf(tree['permissions']),
    call: defaultsOf(call['inputs']),
    dispatch: defaultsOf(treeOf(on['workflow_dispatch'])['inputs']),
    outputs: Object.fromEntries(
      Object.entries(treeOf(call['outputs'])).map(([name, each]) => [
        name,
        String(treeOf(each)['value'] ?? ''),
      ]),
    ),
    jobs: Object.fromEntries(
      Object.entries(treeOf(tree['jobs'])).map(([id, job]) => [id, jobOf(job)]),
    ),
  };
}
