// What one job hands to the next: digests as lines, secrets on one line, and the way back of a failed deploy.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { placesOf } from '../../support/runner/secrecy.ts';
import {
  deployment,
  namespaceFor,
  openSharedSite,
  type Run,
  type Site,
} from '../../support/site.ts';

let site: Site;
const ns = namespaceFor('shop');

beforeAll(async () => {
  site = await openSharedSite();
  await site.cluster.kubectl(['create', 'namespace', ns]);
}, 900_000);

afterAll(() => site?.stop());

type Files = Readonly<Record<string, string>>;

/** As `yc iam key create` writes it, and as it should be stored. */
const pretty = () => site.account.keyJson;
const oneLine = () => JSON.stringify(JSON.parse(site.account.keyJson));

async function run(files: Files, inputs: Readonly<Record<string, string>> = {}): Promise<Run> {
  const workspace = await site.workspace(files);
  const usual = { namespace: ns, manifests: 'app.yaml', patience: 'strict', timeout: '30s' };
  const key = { 'yc-sa-json-credentials': oneLine() };
  return site.run({ ...usual, ...key, ...inputs }, { workspace });
}

const live = (what: string, path: string) =>
  site.cluster.kubectl(['-n', ns, 'get', what, '-o', `jsonpath=${path}`]);

const findingsOf = (result: Run, code: string) =>
  (JSON.parse(result.outputs['findings'] ?? '[]') as readonly Record<string, string>[]).filter(
    (each) => each['code'] === code,
  );

/** actions/runner, Worker.cs: every line of a secret, trimmed, however short. */
const masksOf = (secret: string): readonly string[] =>
  secret
    .split(/[\r\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** actions/runner, JobExtension.cs: an output of a job that holds a mask is skipped. */
const survives = (output: string | undefined, masks: readonly string[]): boolean =>
  !masks.some((mask) => output?.includes(mask));

const digest = `sha256:${'c'.repeat(64)}`;
const other = `sha256:${'d'.repeat(64)}`;
const app = { 'app.yaml': deployment('web', { image: 'backend' }) };
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('digests', () => {
  test('of one run are lines that survive a pretty key, and the next run deploys them', async () => {
    const first = await run(app, {
      images: `backend=ghcr.io/acme/backend@${digest}`,
      'yc-sa-json-credentials': pretty(),
    });
    expect(first.outputs['status']).toBe('deployed');
    const masks = masksOf(pretty());
    expect(masks).toContain('{');
    // Where the old hand-over broke: it was JSON.
    expect(survives(first.outputs['digests'], masks)).toBe(false);
    expect(survives(first.outputs['images'], masks)).toBe(false);
    expect(survives(first.outputs['digest-lines'], masks)).toBe(true);
    expect(first.outputs['digest-lines']).toBe(`backend=${digest}`);
    const lines = (first.outputs['digest-lines'] ?? '').replace(digest, other);
    const next = await run(app, { images: lines, built: 'true', 'yc-registry-id': 'crp1' });
    expect(next.outputs['status']).toBe('deployed');
    expect(await live('deployment/web', '{..image}')).toBe(
      `registry.yandexcloud.net/crp1/backend@${other}`,
    );
  }, 60_000);

  test('that were dropped on the way stop the deploy before a request, and the image stays', async () => {
    const before = await live('deployment/web', '{..image}');
    const asked = site.yandex.requests.length;
    const result = await run(app, { images: '', built: 'true', 'yc-registry-id': 'crp1' });
    expect(result.outputs).toMatchObject({ status: 'failed', 'error-code': 'input-invalid' });
    expect(result.text).toContain('`built` says that another job built images');
    expect(result.text).toContain('jq -c . key.json | gh secret set YC_SA_JSON_CREDENTIALS --env');
    expect(site.yandex.requests.length).toBe(asked);
    expect(await live('deployment/web', '{..image}')).toBe(before);
  }, 60_000);
});

describe('secrets of several lines', () => {
  test('a pretty key works, and one warning says what it breaks and how to store it', async () => {
    for (const [key, count] of [
      [pretty(), 1],
      [oneLine(), 0],
      [base64(pretty()), 0],
    ] as const) {
      const result = await run(app, { command: 'diff', 'yc-sa-json-credentials': key });
      expect(result.outputs['status']).toBe('succeeded');
      expect(findingsOf(result, 'secret-multiline')).toHaveLength(count);
      const warnings = result.stdout.match(/^::warning title=secret-multiline::/gm) ?? [];
      expect(warnings).toHaveLength(count);
      if (count === 0) continue;
      const said = result.stdout.split('\n').find((line) => line.startsWith('::warning')) ?? '';
      expect(said).toContain('jq -c . key.json | gh secret set YC_SA_JSON_CREDENTIALS');
      // The runner would hide its own masks in it.
      expect(survives(said, masksOf(pretty()))).toBe(true);
    }
  }, 60_000);

  test('base64 of application secrets is applied as its lines are, and shows nowhere', async () => {
    const value = 'correct horse battery staple';
    const lines = `ours/PASSWORD=${value}\nours/cert<<END\nfirst line of a key\n1\nEND\n`;
    const encoded = base64(lines);
    const result = await run(app, {
      images: `backend=${digest}`,
      'yc-registry-id': 'crp1',
      secrets: encoded,
    });
    expect(result.outputs['status']).toBe('deployed');
    expect(JSON.parse(await live('secret/ours', '{.data}'))).toEqual({
      PASSWORD: base64(value),
      cert: base64('first line of a key\n1'),
    });
    const masked = result.stdout.match(/^::add-mask::.*$/gm)?.join('\n') ?? '';
    for (const text of [value, 'first line of a key', encoded]) expect(masked).toContain(text);
    expect(findingsOf(result, 'secret-multiline')).toEqual([]);
    for (const [place, text] of await placesOf(result)) {
      const secrets = [value, base64(value), 'first line of a key', encoded];
      const found = secrets.filter((secret) => text.includes(secret));
      expect({ place, found }).toEqual({ place, found: [] });
    }
  }, 60_000);

  test('the plain form with a block is applied too, with a warning', async () => {
    const secrets = 'plain/PASSWORD=correct horse battery\nplain/x<<END\n1\nEND\n';
    const result = await run(app, {
      images: `backend=${digest}`,
      'yc-registry-id': 'crp1',
      secrets,
    });
    expect(result.outputs['status']).toBe('deployed');
    expect(findingsOf(result, 'secret-multiline')).toMatchObject([
      {
        severity: 'warning',
        hint: expect.stringContaining(
          "base64 < production.txt | tr -d '\\n' | gh secret set APPLICATION_SECRETS --env production",
        ),
      },
    ]);
  }, 60_000);
});

describe('the summary of a failed deploy', () => {
  const rollback = `on:
  workflow_dispatch:
    inputs:
      environment: {type: choice, options: [production, staging], required: true}
      to-release: {type: string}
jobs: {}
`;
  const file = { '.github/workflows/rollback.yml': rollback };
  const broken = deployment('way').replace(
    '    metadata:\n',
    '    metadata:\n      annotations: {simulate/pod: image-missing}\n',
  );
  const way =
    /\*\*To go back by hand:\*\* \[rollback\]\((\S+)\) → Run workflow: environment <code>production<\/code>, to-release <code>(\d+)<\/code>/;

  test('leads to the rollback workflow with the last good release, where the damage stays', async () => {
    const good = await run({ 'app.yaml': deployment('way'), ...file }, { app: 'way' });
    expect(good.outputs['status']).toBe('deployed');
    expect(good.summary).not.toContain('To go back by hand');
    const files = { 'app.yaml': broken, ...file };
    const kept = await run(files, { app: 'way', 'on-failure': 'keep' });
    expect(kept.outputs['status']).toBe('failed');
    const [, url, release] = way.exec(kept.summary) ?? [];
    expect(url).toBe('https://github.com/acme/shop/actions/workflows/rollback.yml');
    expect(release).toBe(good.outputs['revision']);
    // And that release is one to which a rollback goes.
    const back = await run(files, { app: 'way', command: 'rollback', 'to-release': `${release}` });
    expect(back.outputs['status']).toBe('deployed');
    const undone = await run(files, { app: 'way' });
    expect(undone.outputs['status']).toBe('rolled-back');
    expect(undone.summary).not.toContain('To go back by hand');
    const without = await run({ 'app.yaml': broken }, { app: 'way', 'on-failure': 'keep' });
    expect(without.outputs['status']).toBe('failed');
    expect(without.summary).not.toContain('To go back by hand');
  }, 120_000);

  test('the check after it leads there as well', async () => {
    const result = await run(
      { 'app.yaml': broken, ...file },
      { app: 'way', command: 'status', environment: 'production' },
    );
    expect(result.outputs['status']).toBe('failed');
    expect(way.exec(result.summary)?.[2]).toMatch(/^\d+$/);
  }, 60_000);
});
