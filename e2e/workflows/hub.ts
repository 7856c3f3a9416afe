// The project as act meets it: `$/deploy` named in a way that act knows, and stand-ins for actions.
import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROJECT = join(import.meta.dirname, '..', '..');
const STAND_INS = join(import.meta.dirname, 'stand-ins');

/** What callers write before the `@`; `v1` is what they write after it. */
export const SELF = 'org/webgen-deploy';

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
}

/** Copies what a published version has: the reusable workflows, deploy/ and dist/. */
export async function makeHub(): Promise<Hub> {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-hub-'));
  const workflows = join('.github', 'workflows');
  await mkdir(join(folder, workflows), { recursive: true });
  const texts: string[] = [];
  for (const name of ['deploy.yml', 'pr-check.yml', 'rollback.yml']) {
    const text = await readFile(join(PROJECT, workflows, name), 'utf8');
    texts.push(text);
    await writeFile(join(folder, workflows, name), forAct(text));
  }
  for (const part of ['action.yml', 'deploy', 'dist']) {
    await cp(join(PROJECT, part), join(folder, part), { recursive: true });
  }
  const replaced = [[`${SELF}@v1`, folder], ...(await standIns(texts.join('\n')))];
  const flags = replaced.flatMap(([name, path]) => ['--local-repository', `${name}=${path}`]);
  return { folder, flags };
}

/** For each action that a workflow pins and that has a stand-in. act does a checkout by itself. */
async function standIns(texts: string): Promise<readonly (readonly [string, string])[]> {
  const names = await readdir(STAND_INS);
  const pinned = new Set(texts.match(/actions\/[\w-]+@[0-9a-f]{40}/g));
  return [...pinned].flatMap((reference) => {
    const name = names.find((each) => reference.startsWith(`actions/${each}@`));
    return name === undefined ? [] : [[reference, join(STAND_INS, name)] as const];
  });
}
