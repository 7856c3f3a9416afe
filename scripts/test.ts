// Runs the named checks one after the other and ends with one line that adds them up.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
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

/** One command counts as one check. */
function command(program: string, args: readonly string[]): Counts {
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  return status === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

interface JestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly success: boolean;
}

/** A jest project: each test counts; a suite that could not start counts as failed. */
function suite(project: string, ...more: readonly string[]): Counts {
  const file = join(root, '.tmp', `jest-${project}.json`);
  mkdirSync(join(root, '.tmp'), { recursive: true });
  rmSync(file, { force: true });
  const flags = ['--experimental-vm-modules', '--no-warnings', jest, '--selectProjects', project];
  const args = [...flags, '--json', '--outputFile', file, ...more];
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const results = readJson(file);
  if (!results) return { passed: 0, failed: 1, skipped: 0 };
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
  if (kind !== 'kwok') return suite(kind, '--runInBand');
  await provideTool('act');
  // Every file has a cluster of its own and mostly waits for it; what holds times against a second,
  // or fills the machine, comes after the others and has it alone.
  const together = suite(kind, '--maxWorkers=2', '--testPathIgnorePatterns', alone);
  return added([together, suite(kind, '--runInBand', '--testPathPatterns', alone)]);
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
  unit: () => suite('unit'),
  fuzz: fuzzed,
  kwok: () => onCluster('kwok'),
  node: () => onCluster('node'),
  stack: () => onCluster('stack'),
};

const total = { passed: 0, failed: 0, skipped: 0 };
for (const name of process.argv.slice(2)) {
  const check = checks[name];
  if (!check) throw new Error(`no check named ${name}: ${Object.keys(checks).join(', ')}`);
  const from = Date.now();
  console.log(`── ${name}`);
  const counts = await check();
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  const seconds = ((Date.now() - from) / 1000).toFixed(1);
  console.log(`── ${name}: ${counts.failed === 0 ? 'ok' : 'FAILED'} in ${seconds} s`);
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
