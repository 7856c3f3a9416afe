// The stand-in for the runner reads a step's files and commands as the runner itself does.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readCommands } from '../../support/runner/commands.ts';
import { readPairs, readPaths } from '../../support/runner/files.ts';
import { runAction, startAction } from '../../support/runner/run-action.ts';

describe('files', () => {
  test('plain lines, blank lines, and the last of a name', () => {
    expect(readPairs('a=1\n\nb=x=y\na=2\n')).toEqual({ a: '2', b: 'x=y' });
  });

  test('blocks keep their lines, whatever these look like', () => {
    const text = 'log<<END\nfirst\n\na=b\nx<<y\nEND\nafter=1\n';
    expect(readPairs(text)).toEqual({ log: 'first\n\na=b\nx<<y', after: '1' });
  });

  test('an empty block, and one whose delimiter ends the file', () => {
    expect(readPairs('a<<E\nE\nb<<E\n\nE')).toEqual({ a: '', b: '' });
  });

  test('a value with << after its equals sign is plain', () => {
    expect(readPairs('shell=cat <<EOF\n')).toEqual({ shell: 'cat <<EOF' });
  });

  test.each([
    ['nonsense', "Invalid format 'nonsense'"],
    ['=value', 'Invalid format'],
    ['<<END\nx\nEND', 'Name must not be empty'],
    ['a<<\nx\n', 'Delimiter must not be empty'],
    ['a<<END\nx\n', "Matching delimiter not found 'END'"],
  ])('%j fails the step', (text, message) => {
    expect(() => readPairs(text)).toThrow(message);
  });

  test('paths, one a line', () => {
    expect(readPaths('/a\n\n/b\n')).toEqual(['/a', '/b']);
  });
});

test('commands: properties, escapes, and text that only looks like one', () => {
  const text = [
    '::error file=a.yaml,line=3,title=x%3A y::one%0Atwo %25',
    'said ::error::no',
    '  ::endgroup::',
    '::add-mask::s3cret',
  ].join('\n');
  expect(readCommands(text)).toEqual([
    {
      command: 'error',
      properties: { file: 'a.yaml', line: '3', title: 'x: y' },
      message: 'one\ntwo %',
    },
    { command: 'endgroup', properties: {}, message: '' },
    { command: 'add-mask', properties: {}, message: 's3cret' },
  ]);
});

describe('a run', () => {
  let action: string;

  beforeAll(async () => {
    action = await mkdtemp(join(tmpdir(), 'webgen-action-'));
    const inputs = `inputs:
  app-name: {default: shop}
  token: {default: '\${{ github.token }}'}
  empty: {}
`;
    const runs = 'runs: {using: node24, main: main.mjs, post: post.mjs}\n';
    await writeFile(join(action, 'action.yml'), `name: x\n${inputs}${runs}`);
    await mkdir(join(action, 'lib'));
    await writeFile(
      join(action, 'main.mjs'),
      `import { appendFileSync } from 'node:fs';
       const { env } = process;
       const say = (file, text) => appendFileSync(env[file], text);
       say('GITHUB_OUTPUT', 'all=' + JSON.stringify(env) + '\\n');
       say('GITHUB_OUTPUT', 'version=' + process.version + '\\ncwd=' + process.cwd() + '\\n');
       say('GITHUB_STATE', 'kept=1\\n');
       say('GITHUB_ENV', 'FROM_MAIN=yes\\n');
       say('GITHUB_PATH', '/from/main\\n');
       say('GITHUB_STEP_SUMMARY', '# done');
       console.log('started');
       if (env.INPUT_MODE === 'wait') {
         setInterval(() => {}, 1000);
         process.on('SIGINT', () => { console.log('interrupted'); process.exit(7); });
         console.log('waiting');
       }`,
    );
    await writeFile(
      join(action, 'post.mjs'),
      `const { STATE_kept, FROM_MAIN, PATH, INPUT_TOKEN } = process.env;
       console.log(JSON.stringify({ STATE_kept, FROM_MAIN, INPUT_TOKEN, path: PATH.split(':')[0] }));`,
    );
  });

  afterAll(() => rm(action, { recursive: true }));

  test('gets inputs, defaults and a clean environment; leaves outputs, state and summary', async () => {
    process.env['LEAKS'] = 'yes';
    const inputs = { 'app-name': 'cart' };
    const result = await runAction({ action, inputs, githubToken: 'ghs_x', actor: 'mona' });
    delete process.env['LEAKS'];
    const seen = JSON.parse(`${result.outputs['all']}`) as Record<string, string>;
    expect(result.code).toBe(0);
    expect(seen).toMatchObject({
      'INPUT_APP-NAME': 'cart',
      INPUT_TOKEN: 'ghs_x',
      INPUT_EMPTY: '',
      GITHUB_ACTOR: 'mona',
      GITHUB_REF_NAME: 'main',
      RUNNER_TEMP: result.tempDir,
    });
    expect(seen['LEAKS']).toBeUndefined();
    expect(result.outputs['version']).toMatch(/^v24\./);
    expect(result.outputs['cwd']).toBe(seen['GITHUB_WORKSPACE']);
    expect(result.summary).toBe('# done');
    expect(result.lines[0]).toMatchObject({ stream: 'stdout', text: 'started' });
    const post = await result.post();
    const expected = {
      STATE_kept: '1',
      FROM_MAIN: 'yes',
      INPUT_TOKEN: 'ghs_x',
      path: '/from/main',
    };
    expect(JSON.parse(post.stdout)).toEqual(expected);
    await result.cleanUp();
  });

  test('can be cancelled', async () => {
    let heard = () => {};
    const waiting = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const running = await startAction({
      action,
      inputs: { mode: 'wait' },
      onLine: ({ text }) => text === 'waiting' && heard(),
    });
    await waiting;
    await running.cancel();
    const result = await running.finished;
    expect(result).toMatchObject({ code: 7, stdout: expect.stringContaining('interrupted') });
    await result.cleanUp();
  });
});
