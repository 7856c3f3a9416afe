// A small application's repository, for workflows to run on: two services with tests, two overlays.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { type Answers, readAnswers } from '../../../src/commands/init/answers.ts';
import { manifests } from '../../../src/commands/init/manifests.ts';
import { workflows } from '../../../src/commands/init/workflows.ts';
import { execOk } from '../cluster/exec.ts';

const tests = {
  'backend/requirements.txt': 'pytest\n',
  'backend/test_api.py': 'def test_sum():\n    assert 1 + 1 == 2\n',
  'frontend/package.json': '{"name":"web","version":"1.0.0","scripts":{"test":"node --test"}}\n',
  'frontend/package-lock.json':
    '{"name":"web","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"web","version":"1.0.0"}}}\n',
  'frontend/web.test.mjs': "import test from 'node:test';\ntest('it runs', () => undefined);\n",
};

export interface ApplicationOptions {
  readonly branch: string;
  /** Lines of `with:` beside what `init` writes, `name: value`; ordinary jobs are made of them. */
  readonly with: readonly string[];
  /** Default: callers. */
  readonly form?: 'ordinary' | 'reusable';
  /** Default: main. */
  readonly defaultBranch?: string;
  /** The images are built, as `init` writes it; default: they are named. */
  readonly builds?: boolean;
  /** Files beside the usual ones, or instead of them. */
  readonly files?: Readonly<Record<string, string>>;
}

const answers = (): Answers => {
  const folders = [
    { name: 'backend', files: ['requirements.txt'] },
    { name: 'frontend', files: ['package-lock.json'] },
  ];
  const words = { app: 'shop', namespace: 'shop', services: 'backend:8000/health frontend:3000' };
  const read = readAnswers(words, folders);
  if ('findings' in read) throw new Error(JSON.stringify(read.findings));
  return read.answers;
};

/** The workflows that `init` writes, for more inputs. */
function workflowsOf(options: ApplicationOptions): Readonly<Record<string, string>> {
  const { with: lines, builds, form = 'reusable', defaultBranch = 'main' } = options;
  const given = Object.entries({ ...parse(lines.join('\n')) } as Record<string, unknown>);
  const settings = {
    ...(builds ? {} : { build: '' }),
    ...Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
  };
  const branches = { production: defaultBranch, staging: 'develop' };
  return workflows(answers(), { form, branches, settings });
}

/** A commit of it in a folder of its own, on `branch`; `origin` is acme/shop on GitHub. */
export async function makeApplication(options: ApplicationOptions): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-application-'));
  const files = {
    ...tests,
    ...manifests(answers()),
    ...workflowsOf(options),
    ...options.files,
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const git = (...args: readonly string[]) => execOk('git', args, { cwd: folder });
  await git('init', '--quiet', `--initial-branch=${options.branch}`);
  await git('remote', 'add', 'origin', 'https://github.com/acme/shop.git');
  await git('add', '--all');
  const author = ['-c', 'user.name=A', '-c', 'user.email=a@example.org'];
  await git(...author, 'commit', '--quiet', '--message', 'A shop');
  return folder;
}
