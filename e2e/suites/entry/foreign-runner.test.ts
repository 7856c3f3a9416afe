// On a runner of Windows or macOS the bundle stops at its first line: nothing is read, written or asked.
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readCommands } from '../../support/runner/commands.ts';
import { runAction } from '../../support/runner/run-action.ts';

describe.each(['Windows', 'macOS'])('a runner of %s', (system) => {
  test('is refused with what works, before a request, a file or a look at the inputs', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.url}`);
      response.end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const run = await runAction({
      inputs: {
        'yc-api-endpoint': endpoint,
        'yc-k8s-cluster-id': 'cat1',
        'yc-iam-token': 'not-looked-at',
        timeout: 'not a duration',
      },
      env: {
        RUNNER_OS: system,
        GITHUB_API_URL: endpoint,
        // Neither is there: whoever read one of them would fail in another way.
        GITHUB_EVENT_PATH: '/nowhere/event.json',
        RUNNER_TEMP: '/nowhere/temp',
      },
    });
    const post = await run.post();
    server.close();
    const left = await readdir(join(run.folder, 'temp'));
    await run.cleanUp();
    expect(run.code).toBe(1);
    expect(run.outputs).toMatchObject({ status: 'failed', 'error-code': 'runner-unsupported' });
    const errors = readCommands(run.stdout).filter(({ command }) => command === 'error');
    expect(errors.map(({ properties }) => properties['title'])).toEqual(['runner-unsupported']);
    expect(errors[0]?.message).toContain(`The action does not work on a runner of ${system}.`);
    expect(errors[0]?.message).toContain('runs-on: ubuntu-24.04');
    expect(run.stdout).not.toContain('timeout');
    expect(asked).toEqual([]);
    expect(left).toEqual([]);
    expect(post.code).toBe(0);
  }, 60_000);
});
