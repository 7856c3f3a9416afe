// The project as act meets it: `$/deploy` named in a way that act knows, and stand-ins for actions.
import { cp, mkdir, mkdtemp, readdir, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { project } from '../../../src/core/version.ts';
import { rewrite } from '../runner/rules/rewrite.ts';
import { hubNow, type Texts } from '../runner/rules/worlds.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..');
const STAND_INS = join(import.meta.dirname, 'stand-ins');
const RECORDER = join(PROJECT, 'e2e', 'support', 'runner', 'rules', 'recorder.js');

/** What callers write before the `@`; `v1` is what they write after it. */
export const SELF = project;

/**
 * A workflow for act, which does not know `$/` (https://github.com/nektos/act/issues): only `uses:`
 * lines are changed. Throws where anything else would be.
 */
export function forAct(text: string): string {
  const changed = text.replaceAll(/^(\s+uses: )\$\/deploy$/gm, `$1${SELF}/deploy@v1`);
  const [before, after] = [text.split('\n'), changed.split('\n')];
  const differ = before.filter((line, index) => line !== after[index]);
  const others = differ.filter((line) => !/^\s+uses: \$\/deploy$/.test(line));
  if (before.length !== after.length || others.length > 0 || differ.length === 0) {
    throw new Error(`more than uses: lines would change: ${others.join(' | ')}`);
  }
  return changed;
}

export interface Hub {
  readonly folder: string;
  /** act's flags that put local folders in the place of github.com. */
  readonly flags: readonly string[];
  /** The reusable workflows as they were published, by name. */
  readonly workflows: Texts;
}

export interface HubOptions {
  /** Instead of the present ones. */
  readonly workflows?: Texts;
  /** They are rewritten so that GitHub's own rules hold (e2e/support/runner/rules); for `github` of runAct. */
  readonly rules?: boolean;
  /** The workflows of applications that run with it, for their actions' stand-ins. */
  readonly applications?: readonly string[];
}

/** Copies what a published version has: the reusable workflows, deploy/ and dist/. */
export async function makeHub(options: HubOptions = {}): Promise<Hub> {
  const { workflows = hubNow(), rules = false, applications = [] } = options;
  const folder = await mkdtemp(join(tmpdir(), 'webgen-hub-'));
  const at = (...path: readonly string[]) => join(folder, ...path);
  await mkdir(at('.github', 'workflows'), { recursive: true });
  for (const [name, text] of Object.entries(workflows)) {
    const plain = forAct(text);
    const ruled = rules ? rewrite(plain, `hub_${name}`, {}, SELF) : plain;
    await writeFile(at('.github', 'workflows', `${name}.yml`), ruled);
  }
  for (const part of ['action.yml', 'deploy', 'dist']) {
    await cp(join(PROJECT, part), at(part), { recursive: true });
  }
  if (rules) {
    await rename(at('dist', 'index.js'), at('dist', 'entry.js'));
    await cp(RECORDER, at('dist', 'index.js'));
  }
  const texts = [...Object.values(workflows), ...applications];
  const replaced = [[`${SELF}@v1`, folder], ...(await standIns(texts.join('\n')))];
  const flags = replaced.flatMap(([name, path]) => ['--local-repository', `${name}=${path}`]);
  return { folder, flags, workflows };
}

/** For each action that a workflow names and that has a stand-in. act does a checkout by itself. */
async function standIns(texts: string): Promise<readonly (readonly [string, string])[]> {
  const names = await readdir(STAND_INS);
  const pinned = new Set(texts.match(/actions\/[\w-]+@[\w.-]+/g));
  return [...pinned].flatMap((reference) => {
    const name = names.find((each) => reference.startsWith(`actions/${each}@`));
    return name === undefined ? [] : [[reference, join(STAND_INS, name)] as const];
  });
}
