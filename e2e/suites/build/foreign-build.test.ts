// A build of a pull request reaches nothing of the runner: paths by what they really are, variables, agents.
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runAction } from '../../support/runner/run-action.ts';

let outer: string;
let workspace: string;

beforeEach(async () => {
  outer = await mkdtemp(join(tmpdir(), 'webgen-foreign-'));
  workspace = join(outer, 'shop');
  for (const each of ['shop/app', 'bin', 'other'])
    await mkdir(join(outer, each), { recursive: true });
  await writeFile(join(outer, 'other', 'Dockerfile'), 'FROM runner.example/secret-image\n');
  await writeFile(join(workspace, 'app', 'Dockerfile'), 'FROM scratch\n');
  await writeFile(join(workspace, 'docker-bake.json'), '{}');
  await writeFile(join(outer, 'bin', 'docker'), docker.replaceAll('OUTER', outer));
  await chmod(join(outer, 'bin', 'docker'), 0o755);
});

afterEach(() => rm(outer, { recursive: true, force: true }));

/** A builder that answers; a bake that prints what the test has written, and leaves a mark if it builds. */
const docker = `#!/usr/bin/env node
const { readFileSync, writeFileSync } = require('node:fs');
const args = process.argv.slice(3);
if (args[0] === 'inspect') console.log('Name: test\\nDriver: docker-container\\n\\nNodes:\\nName: test0\\nStatus: running\\nBuildKit version: v0.33.0\\nPlatforms: linux/amd64');
else if (args.includes('--print')) {
  writeFileSync('OUTER/printed', String(process.env.ACTIONS_RUNTIME_TOKEN));
  console.log(readFileSync('OUTER/definition.json', 'utf8'));
} else {
  writeFileSync('OUTER/built', readFileSync(args[args.indexOf('--file') + 1], 'utf8'));
  process.exit(1);
}
`;

async function run(inputs: Readonly<Record<string, string>>, eventName = 'pull_request') {
  const given = { command: 'build', registry: '127.0.0.1:1/shop', scan: 'off', ...inputs };
  const path = [join(outer, 'bin'), process.env['PATH']].join(delimiter);
  const env = { PATH: path, ACTIONS_RUNTIME_TOKEN: 'runtime-token-of-the-job' };
  const done = await runAction({ inputs: given, workspace, env, eventName, baseRef: 'main' });
  await done.cleanUp();
  return { ...done, text: done.stdout + done.stderr };
}

test.each<[string, string, string]>([
  ['the context', 'app', '{name: a, context: linked}'],
  ['the Dockerfile', 'app/Dockerfile', '{name: a, context: linked}'],
  [
    'a Dockerfile beside the context',
    'x',
    '{name: a, context: app, dockerfile: ../../other/Dockerfile}',
  ],
  ['the ignore file', 'app/.dockerignore', '{name: a, context: linked}'],
])('%s is no way out', async (_, at, entry) => {
  const path = join(workspace, at.replace(/^app/, 'linked'));
  if (at.includes('/')) await mkdir(join(workspace, 'linked'));
  const target = at.includes('/') ? '../../other/Dockerfile' : '../other';
  await symlink(target, path);
  const done = await run({ build: `- ${entry}` });
  expect([done.text, done.code]).toEqual([done.text, 1]);
  expect(done.outputs['error-code']).toBe('event-refused');
  expect(done.text).not.toContain('secret-image');
  expect(existsSync(join(outer, 'built'))).toBe(false);
});

const plain = { context: 'app', dockerfile: 'Dockerfile', tags: ['127.0.0.1:1/shop/a:1'] };

test.each<[string, object]>([
  ['a variable', { secret: ['id=x,env=ACTIONS_RUNTIME_TOKEN'] }],
  ['a variable by its id', { secret: ['id=ACTIONS_RUNTIME_TOKEN'] }],
  ['a file', { secret: [{ id: 'x', src: '../other/Dockerfile' }] }],
  ['an agent', { ssh: ['default'] }],
  ['another context', { contexts: { base: '../other' } }],
  ['an output', { output: ['type=local,dest=../other'] }],
  ['a cache', { 'cache-to': ['type=local,dest=../other'] }],
  ['a link', { context: 'out' }],
])('%s in a bake file is refused on a pull request, and nothing is built', async (_, more) => {
  await symlink('../other', join(workspace, 'out'));
  const definition = {
    group: { default: { targets: ['a'] } },
    target: { a: { ...plain, contexts: { b: 'target:b' } }, b: { ...plain, ...more } },
  };
  await writeFile(join(outer, 'definition.json'), JSON.stringify(definition));
  const done = await run({ 'bake-file': 'docker-bake.json' });
  expect([done.text, done.code]).toEqual([done.text, 1]);
  expect(done.outputs['error-code']).toBe('event-refused');
  expect(existsSync(join(outer, 'built'))).toBe(false);
});

test('a bake file that is a link out is refused before bake reads it', async () => {
  await symlink('../other/Dockerfile', join(workspace, 'linked.hcl'));
  const done = await run({ 'bake-file': 'linked.hcl' });
  expect(done.outputs['error-code']).toBe('event-refused');
  expect(existsSync(join(outer, 'printed'))).toBe(false);
});

test('no definition sees the job’s token, and on a push what it names is its own business', async () => {
  const a = { ...plain, tags: ['other.example/a:1'], secret: ['id=x,env=HOME'] };
  const definition = { group: { default: { targets: ['a'] } }, target: { a } };
  await writeFile(join(outer, 'definition.json'), JSON.stringify(definition));
  const done = await run({ 'bake-file': 'docker-bake.json' }, 'push');
  expect(done.outputs['error-code']).toBe('build-failed');
  expect(existsSync(join(outer, 'built'))).toBe(true);
  expect(await readFile(join(outer, 'printed'), 'utf8')).toBe('undefined');
});
