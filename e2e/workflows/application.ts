// A small application's repository, for workflows to run on: two services with tests, two overlays.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Answers, readAnswers } from '../../src/init/answers.ts';
import { callers } from '../../src/init/callers.ts';
import { manifests } from '../../src/init/manifests.ts';
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
  /** Lines of `with:` beside what `init` writes, `name: value`. */
  readonly with: readonly string[];
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

/** The callers that `init` writes, with more lines. */
function callersOf({ with: lines, builds }: ApplicationOptions): Readonly<Record<string, string>> {
  const more = ['    with:', ...lines.map((line) => `      ${line}`), ''].join('\n');
  return Object.fromEntries(
    Object.entries(callers(answers())).map(([path, text]) => {
      const plain = builds ? text : text.replace(/ {6}build: \|\n(?: {8}- .*\n)+/, '');
      return [path, plain.replace('    with:\n', more)];
    }),
  );
}

/** A commit of it in a folder of its own, on `branch`; `origin` is acme/shop on GitHub. */
export async function makeApplication(options: ApplicationOptions): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-application-'));
  const files = {
    ...tests,
    ...manifests(answers()),
    ...callersOf(options),
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
