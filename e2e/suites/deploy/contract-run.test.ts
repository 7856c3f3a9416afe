// How a run ends and what it says and leaves: sentences of the contract, through the bundle.
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deployment, namespaceFor, openSharedSite, type Site } from '../../support/site.ts';

let site: Site;
const ns = namespaceFor('shop');

beforeAll(async () => {
  site = await openSharedSite();
  await site.cluster.kubectl(['create', 'namespace', ns]);
}, 900_000);

afterAll(() => site?.stop());

async function run(manifest: string, inputs: Readonly<Record<string, string>> = {}) {
  const workspace = await site.workspace({ 'app.yaml': manifest });
  return site.run({ namespace: ns, manifests: 'app.yaml', ...inputs }, { workspace });
}

const simulated = (name: string, kind: string, annotation = '') =>
  deployment(name)
    .replace('metadata:\n', `metadata:\n  annotations: {${annotation}}\n`)
    .replace('    metadata:\n', `    metadata:\n      annotations: {simulate/pod: ${kind}}\n`);
const notAwaited = 'webgen-deploy/wait: "false"';
const config = (name: string, value = '1') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {A: "${value}"}\n`;

async function live(what: string, path: string): Promise<string> {
  return site.cluster.kubectl(['-n', ns, 'get', what, '-o', `jsonpath=${path}`]);
}

describe('the wait', () => {
  test('a time limit: the best diagnosis, told once, and every output', async () => {
    const result = await run(simulated('late', 'image-missing'), { timeout: '3s' });
    expect(result.code).toBe(1);
    expect(result.outputs).toMatchObject({ status: 'failed', 'error-code': 'timed-out' });
    expect(result.outputs['duration-seconds']).toMatch(/^\d+$/);
    expect(result.text).toContain('Deployment/late was not ready in 3 s');
    const lastBlock = result.stdout.slice(result.stdout.indexOf('✗ Deploying'));
    expect(lastBlock.match(/is not in the registry/g)).toHaveLength(1);
    expect(lastBlock.trim()).toMatch(/^ {2}fix +\S.*\n {2}more +https:\S+$/m);
    expect(lastBlock.trim().split('\n').at(-1)).toMatch(/^ {2}more +https:/);
    const findings = JSON.parse(result.outputs['findings'] ?? '');
    const codes = findings.map((each: { code: string }) => each.code);
    expect(codes).toEqual(expect.arrayContaining(['timed-out', 'image-not-found']));
  }, 60_000);

  test('`wait: false` and the annotation: applied, and not waited for', async () => {
    const plain = await run(simulated('never', 'never-ready'), { wait: 'False' });
    expect(plain.outputs['status']).toBe('deployed');
    const both = `${simulated('never', 'never-ready', notAwaited)}---\n${deployment('fine')}`;
    const result = await run(both);
    expect(result.outputs['status']).toBe('deployed');
    expect(result.text).toContain('1 workload ready, 1 not waited for');
    expect(result.text).not.toContain('Deployment/never:');
  }, 60_000);

  test('an unchanged crowd is a few lines', async () => {
    const service = (name: string) =>
      `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {selector: {app: fine}, ports: [{port: 80}]}\n`;
    const crowd = Array.from({ length: 30 }, (_, at) => [config(`c${at}`), service(`s${at}`)]);
    const manifests = [...crowd.flat(), deployment('fine')].join('---\n');
    expect((await run(manifests)).outputs['status']).toBe('deployed');
    const again = await run(manifests);
    expect(again.outputs['status']).toBe('unchanged');
    expect(again.text).not.toMatch(/Service\/s1\b|ConfigMap\/c1\b/);
    const said = again.stdout.split('\n').filter((line) => !line.startsWith('::add-mask::'));
    expect(said.length).toBeLessThan(30);
    expect(JSON.parse(again.outputs['changes'] ?? '')).toHaveLength(61);
  }, 60_000);
});

describe('annotations', () => {
  test('recreate replaces where a field is immutable', async () => {
    const selected = (annotation: string) =>
      deployment('task')
        .replaceAll('{app: task}', '{app: task, new: "1"}')
        .replace('metadata:\n', `metadata:\n  annotations: {${annotation}}\n`);
    await run(deployment('task'), { wait: 'false' });
    const refused = await run(selected(''), { wait: 'false' });
    expect(refused.outputs['error-code']).toBe('field-immutable');
    const replaced = await run(selected('webgen-deploy/recreate: "true"'), { wait: 'false' });
    expect(JSON.parse(replaced.outputs['changes'] ?? '')).toEqual([
      { object: 'Deployment/task', namespace: ns, change: 'recreated' },
    ]);
  }, 60_000);

  test('restart-on-config, as input and as annotation, leaves the pods alone', async () => {
    const uses = (annotation = '') =>
      simulated('uses', 'x', annotation)
        .replace(/ {6}annotations: \{simulate.*\n/, '')
        .replace('image:', 'envFrom: [{configMapRef: {name: cfg}}]\n          image:');
    const written = async () => live('deployment/uses', '{.spec.template.metadata.annotations}');
    await run(`${config('cfg')}---\n${uses()}`);
    await run(`${config('cfg', '2')}---\n${uses()}`, { 'restart-on-config': 'false' });
    expect(await written()).toBe('');
    const off = uses('webgen-deploy/restart-on-config: "false"');
    await run(`${config('cfg', '3')}---\n${off}`);
    expect(await written()).toBe('');
    const rolled = await run(`${config('cfg', '4')}---\n${uses()}`);
    expect(rolled.text).toContain('restarted Deployment/uses, because ConfigMap/cfg changed');
    expect(await written()).toContain('webgen-deploy/config');
  }, 60_000);
});

describe('what it says', () => {
  test('undeclared inputs: an error where one is close, else a warning', async () => {
    const close = await run(config('a'), { create_namespace: 'true', namepsace: 'x' });
    expect(close.outputs['error-code']).toBe('input-invalid');
    expect(close.text).toContain('did you mean `create-namespace`?');
    expect(close.text).toContain('did you mean `namespace`?');
    const far = await run(config('a'), { command: 'diff', colour: 'red' });
    expect(far.code).toBe(0);
    expect(far.stdout).toContain('::warning title=input-invalid::Input `colour` is not declared.');
  }, 60_000);

  test('a finding leaves out what it does not know; the report has the same', async () => {
    const result = await run(deployment('bad').replace('replicas', 'replcas'));
    const [finding] = JSON.parse(result.outputs['findings'] ?? '');
    expect(Object.keys(finding)).toEqual([
      ...['code', 'severity', 'object', 'namespace', 'file', 'line', 'what', 'evidence', 'hint'],
    ]);
    expect(finding).toMatchObject({ file: 'app.yaml', line: 6, object: 'Deployment/bad' });
    const path = result.outputs['report-path'] ?? '';
    const report = JSON.parse(await readFile(path, 'utf8'));
    expect(report).toMatchObject({ status: 'failed', errorCode: 'field-unknown' });
    expect(await readFile(path.replace(/json$/, 'md'), 'utf8')).toContain('field-unknown');
  }, 60_000);

  test('no summary where none is wanted, not even of refused inputs', async () => {
    expect((await run(config('a'), { summary: 'False' })).summary).toBe('');
    expect((await run(config('a'), { summary: 'false', timeout: '5' })).summary).toBe('');
    expect((await run(config('a'), { timeout: '5' })).summary).toContain('input-invalid');
  }, 60_000);
});

describe('the post step', () => {
  test('runs twice, and after a run that was killed', async () => {
    const done = await run(config('a'), { command: 'diff' });
    for (const time of ['first', 'second']) {
      const post = await done.post();
      expect([time, post.code, post.stdout, post.stderr]).toEqual([time, 0, '', '']);
    }
    const workspace = await site.workspace({ 'app.yaml': simulated('slow', 'never-ready') });
    const inputs = { namespace: ns, manifests: 'app.yaml' };
    const killed = await site.start(inputs, {
      workspace,
      onLine: ({ text }) => {
        if (text.includes('Apply')) killed.kill('SIGKILL');
      },
    });
    const result = await killed.finished;
    expect(await readdir(result.tempDir)).toHaveLength(1);
    expect((await result.post()).code).toBe(0);
    expect(await readdir(result.tempDir)).toEqual([]);
    await result.cleanUp();
  }, 60_000);
});
