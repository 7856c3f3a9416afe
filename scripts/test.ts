// Runs the named checks, side by side where they leave each other alone, and ends with their times, the
// slowest files and one line that adds everything up.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { provideAssets } from '../e2e/support/cluster/assets.ts';
import { nodeUnavailable } from '../e2e/support/cluster/node-packages.ts';
import { NEEDED } from '../e2e/support/cluster/programs.ts';
import { provideTool } from '../e2e/support/tools/tools.ts';
import { fuzzProject, sumOf } from './fuzz.ts';
import { checkWorkflows } from './workflows.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const root = join(import.meta.dirname, '..');
const bin = (name: string) => join(root, 'node_modules', '.bin', name);
const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');

interface Ended {
  readonly status: number | null;
  readonly text: string;
}

/** Runs a program to its end. With `show` its output is seen as it comes, else it is handed back. */
function ended(program: string, args: readonly string[], show: boolean): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const out = show ? 'inherit' : 'pipe';
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', show ? 'ignore' : 'pipe', out],
  });
  const parts: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => parts.push(part));
  child.on('error', reject);
  child.on('close', (status) => resolve({ status, text: Buffer.concat(parts).toString() }));
  return promise;
}

/** One command counts as one check; what it says is shown when it has ended. */
async function command(program: string, args: readonly string[]): Promise<Counts> {
  const { status, text } = await ended(program, args, false);
  process.stdout.write(text);
  return status === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

interface JestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly startTime: number;
    readonly endTime: number;
  }[];
}

const slow: { readonly file: string; readonly ms: number }[] = [];

/** A jest project: each test counts; a suite that could not start counts as failed. */
async function suite(project: string, name: string, ...more: readonly string[]): Promise<Counts> {
  const file = join(root, '.tmp', `jest-${name}.json`);
  mkdirSync(join(root, '.tmp'), { recursive: true });
  rmSync(file, { force: true });
  const flags = ['--no-warnings', jest, '--selectProjects', project];
  const args = [...flags, '--json', '--outputFile', file, ...more];
  const { status } = await ended(process.execPath, args, true);
  const results = readJson(file);
  if (!results) return { passed: 0, failed: 1, skipped: 0 };
  for (const { name: path, startTime, endTime } of results.testResults) {
    slow.push({ file: relative(root, path), ms: endTime - startTime });
  }
  const broken = results.numRuntimeErrorTestSuites + (status === 0 || !results.success ? 0 : 1);
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + broken,
    skipped: results.numPendingTests,
  };
}

function readJson(file: string): JestResults | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JestResults;
  } catch {
    return undefined;
  }
}

/** Programs come first: minutes where nothing is cached, with a line every 5 s. */
async function onCluster(kind: 'kwok' | 'node' | 'stack'): Promise<Counts> {
  const programs = kind === 'stack' ? [...NEEDED.kwok, ...NEEDED.node] : NEEDED[kind];
  if (kind === 'kwok' || (await nodeUnavailable()) === undefined) await provideAssets(programs);
  if (kind !== 'kwok') return suite(kind, kind, '--runInBand');
  await provideTool('act');
  // They mostly wait, for their cluster or for a process, so there are more than cores; what holds
  // times against a second, or fills the machine, comes after the others and has it alone.
  const together = await suite(kind, kind, '--maxWorkers=3', '--testPathIgnorePatterns', alone);
  const after = await suite(kind, `${kind}-alone`, '--runInBand', '--testPathPatterns', alone);
  return added([together, after]);
}

const alone = String.raw`\.alone\.test\.ts$`;

function added(all: readonly Counts[]): Counts {
  const sum = (of: keyof Counts) => all.reduce((total, counts) => total + counts[of], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** Each linter counts as one check. */
async function workflows(): Promise<Counts> {
  const checked = await checkWorkflows();
  for (const { name, text } of checked.filter((each) => each.text !== '')) {
    console.log(`${name}: ${text}`);
  }
  const count = (result: string) => checked.filter((each) => each.result === result).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

/** Twenty thousand hostile inputs, the same ones each time; every target counts as one check. */
async function fuzzed(): Promise<Counts> {
  const result = await fuzzProject({ seed: 1, until: { cases: 20_000 } });
  console.log(sumOf(result));
  const bad = new Set(result.failures.map(({ target }) => target));
  const passed = Object.keys(result.cases).filter((target) => !bad.has(target)).length;
  return { passed, failed: bad.size, skipped: 0 };
}

const checks: Readonly<Record<string, () => Counts | Promise<Counts>>> = {
  lint: () => command(bin('biome'), ['check', '--error-on-warnings', '.']),
  types: () => command(bin('tsc'), ['--noEmit']),
  docs: () => command(process.execPath, ['scripts/docs.ts', '--check']),
  workflows,
  bundle: () => command(process.execPath, ['scripts/build.ts', '--check']),
  unit: () => suite('unit', 'unit'),
  /** Unit tests that start processes, or hold a time against real ones. */
  slow: () => suite('slow', 'slow'),
  fuzz: fuzzed,
  kwok: () => onCluster('kwok'),
  node: () => onCluster('node'),
  stack: () => onCluster('stack'),
};

/** Each row beside the other, a row's checks one after the other; a cluster comes when they have ended. */
const rows: readonly (readonly string[])[] = [
  ['unit', 'slow', 'fuzz'],
  ['lint', 'types', 'docs', 'workflows', 'bundle'],
];

const wanted = process.argv.slice(2);
const all: Counts[] = [];
const times: string[] = [];

async function run(name: string): Promise<void> {
  const check = checks[name];
  if (!check) throw new Error(`no check named ${name}: ${Object.keys(checks).join(', ')}`);
  const from = Date.now();
  console.log(`── ${name}`);
  const counts = await check();
  all.push(counts);
  const seconds = ((Date.now() - from) / 1000).toFixed(1);
  const line = `${name}: ${counts.failed === 0 ? 'ok' : 'FAILED'} in ${seconds} s`;
  times.push(line);
  console.log(`── ${line}`);
}

async function runAll(names: readonly string[]): Promise<void> {
  for (const name of names) await run(name);
}

const begun = Date.now();
await Promise.all(rows.map((row) => runAll(row.filter((name) => wanted.includes(name)))));
await runAll(wanted.filter((name) => !rows.flat().includes(name)));

console.log('── the slowest files');
for (const { file, ms } of slow.toSorted((a, b) => b.ms - a.ms).slice(0, 10)) {
  console.log(`${(ms / 1000).toFixed(1).padStart(7)} s  ${file}`);
}
console.log(`── times\n${times.join('\n')}\nall: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
const total = added(all);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
