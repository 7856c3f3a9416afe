// The probe, run whole by act, which has few of github.com's rules: so the table must say which.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { rules } from '../../../scripts/probe.ts';
import { project } from '../../../src/core/version.ts';
import { exec, execOk } from '../../support/cluster/exec.ts';
import { nodeOfRunner } from '../../support/runner/run-action.ts';
import { provideTool } from '../../support/tools/tools.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const provided = await provideTool('act');
if ('missing' in provided) console.warn(`the probe is not run: ${provided.missing}`);
const act = 'path' in provided ? provided.path : '';
const suite = act ? describe : describe.skip;

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-probe-'));
  folders.push(folder);
  return folder;
}

/** A fork of the project with what the probe needs; it need not sleep for a rule that act has not. */
async function makeFork(): Promise<string> {
  const folder = await makeFolder();
  const workflows = join('.github', 'workflows');
  await mkdir(join(folder, workflows), { recursive: true });
  for (const name of ['scripts/probe.ts', 'scripts/project.ts', 'package.json']) {
    await cp(join(root, name), join(folder, name));
  }
  for (const name of ['probe.yml', 'probe-called.yml']) {
    const text = await readFile(join(root, workflows, name), 'utf8');
    await writeFile(join(folder, workflows, name), text.replaceAll(/sleep \d+/g, 'sleep 1'));
  }
  const author = ['-c', 'user.name=mona', '-c', 'user.email=mona@example.com'];
  for (const args of [
    ['init', '--quiet', '--initial-branch', 'main'],
    ['remote', 'add', 'origin', 'https://github.com/acme/fork.git'],
    ['add', '--all'],
    [...author, 'commit', '--quiet', '--message', 'fork'],
  ]) {
    await execOk('git', args, { cwd: folder });
  }
  return folder;
}

/** What the API shows of a run under act: nothing waits for approval there. */
async function startApi(): Promise<{ readonly url: string; readonly close: () => void }> {
  const jobs = ['waiting', 'behind'].map((name) => ({ name, status: 'completed' }));
  const server = createServer((_, response) => response.end(JSON.stringify({ jobs })));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, close: () => server.close() };
}

const secret = 'PROBE_SECRET="{\\n  \\"probe\\": \\"webgen\\"\\n}"\n';

/** In the order of the table; act masks no output, and this run does not wait for a time-out. */
const underAct: Readonly<Record<string, string>> = {
  "an environment's secret, passed by name, in a called workflow of the same repository":
    'as expected',
  "an environment's secret, passed by name, in a called workflow of the project": 'differs',
  "an environment's variable in a called workflow of the project": 'as expected',
  'a JSON output beside a secret whose lines are `{` and `}`': 'differs',
  'an output of `name=sha256:…` beside the same secret': 'as expected',
  'a job with `environment: {name: ""}`': 'as expected',
  '`needs.*.result` of a job that ran out of time': 'differs',
  '`!failure() && !cancelled()` behind it': 'as expected',
  'the condition by `needs.*.result` behind it': 'differs',
  'the group of a job that waits for approval': 'not tried',
  'the order of `queue: max`': 'either',
  '`deployment: false` with a custom protection rule': 'not tried',
};

suite('the probe under act', () => {
  test('says of each rule whether act has it, and fails', async () => {
    const [fork, own, api] = [await makeFork(), await makeFolder(), await startApi()];
    await writeFile(join(own, 'secrets.env'), secret);
    const standIn = join(root, 'e2e', 'support', 'workflows', 'stand-ins', 'setup-node');
    const text = await readFile(join(root, '.github', 'workflows', 'probe.yml'), 'utf8');
    const [setup = ''] = /actions\/setup-node@[0-9a-f]{40}/.exec(text) ?? [];
    const args = [
      ...['workflow_dispatch', '--workflows', '.github/workflows/probe.yml'],
      ...['--platform', 'ubuntu-24.04=-self-hosted', '--actor', 'mona', '--rm'],
      ...['--secret-file', join(own, 'secrets.env'), '--var', 'PROBE_VARIABLE=x'],
      ...['--secret', 'GITHUB_TOKEN=of-the-run', '--env', `GITHUB_API_URL=${api.url}`],
      ...['--action-cache-path', join(own, 'cache')],
      ...['--local-repository', `${project}@main=${fork}`],
      ...['--local-repository', `${setup}=${standIn}`],
    ];
    const path = [dirname(nodeOfRunner()), process.env['PATH']].join(delimiter);
    const env = { HOME: own, PATH: path, XDG_CACHE_HOME: join(own, 'xdg') };
    const done = await exec(act, args, { cwd: fork, env });
    api.close();
    const log = done.stdout + done.stderr;
    // What a step prints; act shows the summary as well.
    const row =
      /^\[probe\/compare.*?\] {3}\| \| (.+?) \| .* \| (as expected|differs|not tried) \|/gm;
    const rows = [...log.matchAll(row)].map(([, rule = '', verdict]) => [rule, verdict]);
    expect([done.code, rows.length < rules.length ? log.slice(-6000) : '']).toEqual([1, '']);
    // act starts the jobs of a queue whenever it likes.
    const wanted = Object.entries(underAct).flatMap(([rule, verdict]) =>
      verdict === 'either' ? [] : [[rule, verdict]],
    );
    expect(rows.filter(([rule = '']) => underAct[rule] !== 'either')).toEqual(wanted);
    expect(rows).toHaveLength(rules.length);
  }, 300_000);
});
