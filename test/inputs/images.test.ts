// Images that another job built: digests alone get their registry, and a hand-over that was lost is seen.
import { describe, expect, test } from '@jest/globals';
import type { RunContext } from '../../src/core/context.ts';
import type { RawInputs } from '../../src/inputs/raw.ts';
import { readInputs } from '../../src/inputs/read-inputs.ts';
import { run } from '../support/run.ts';

const digest = `sha256:${'0a'.repeat(32)}`;
const other = `sha256:${'1b'.repeat(32)}`;
const cluster = { 'yc-k8s-cluster-id': 'cat1', 'yc-iam-token': 't1.token' };
const lines = `backend=${digest}\nweb/front-end=${other}`;

function read(raw: RawInputs, context: RunContext = run()) {
  return readInputs({ ...cluster, ...raw }, context, { overlays: ['production'] });
}

function images(raw: RawInputs, context: RunContext = run()) {
  const { inputs, findings } = read(raw, context);
  if (!inputs) throw new Error(findings.map(({ what }) => what).join('\n'));
  return { ...inputs.images };
}

const whats = (raw: RawInputs) => read(raw).findings.map(({ what }) => what);

describe('a digest alone', () => {
  test.each([
    [{ 'yc-registry-id': 'crp1' }, 'registry.yandexcloud.net/crp1'],
    [{ 'yc-registry-id': 'crp1', registry: 'cr.yandex' }, 'cr.yandex/crp1'],
    [{ registry: 'ghcr.io/acme' }, 'ghcr.io/acme'],
    [{ registry: '127.0.0.1:5000/shop/' }, '127.0.0.1:5000/shop'],
  ])('with %j is an image of that registry', (registry, prefix) => {
    expect(images({ ...registry, images: lines })).toEqual({
      backend: `${prefix}/backend@${digest}`,
      'web/front-end': `${prefix}/web/front-end@${other}`,
    });
  });

  test('stands beside whole references, which stay as they are', () => {
    const mixed = `${lines}\ndb=postgres:17`;
    expect(images({ registry: 'ghcr.io/acme', images: mixed })['db']).toBe('postgres:17');
  });

  test('on a pull request is where its build has pushed', () => {
    const context = run({ event: 'pull_request', ref: 'refs/pull/7/merge', baseRef: 'main' });
    const raw = { command: 'diff', registry: 'ghcr.io/acme', images: `backend=${digest}` };
    expect(images(raw, context)).toEqual({
      backend: `ghcr.io/acme/pull-requests/backend@${digest}`,
    });
  });

  test('without a registry is an error that names every one of them', () => {
    const { inputs, findings } = read({ images: lines });
    expect(inputs).toBeUndefined();
    expect(findings).toEqual([
      expect.objectContaining({
        code: 'input-invalid',
        severity: 'fatal',
        what: 'Input `images` gives `backend`, `web/front-end` a digest alone, and no registry is given.',
      }),
    ]);
    expect(findings[0]?.hint).toContain('Set `yc-registry-id`, or `registry` to host/path');
    expect(findings[0]?.hint).toContain('backend=host/path/backend@sha256:….');
  });

  test('with a wrong registry is not told twice', () => {
    expect(whats({ images: lines, registry: 'https://ghcr.io/acme' })).toEqual([
      'Input `registry` begins with a scheme.',
    ]);
  });

  test.each([
    digest.slice(0, -1),
    `${digest}0`,
    digest.toUpperCase(),
    digest.replace('0a', '0A'),
    'sha256:',
    `sha512:${'0a'.repeat(64)}`,
    `sha256:${'0g'.repeat(32)}`,
  ])('%s is none, and no image called sha256 either', (text) => {
    expect(whats({ registry: 'ghcr.io/acme', images: `backend=${text}` })).toEqual([
      expect.stringMatching(/^Input `images` line 1 gives `backend` no digest: /),
    ]);
  });
});

describe('built', () => {
  const registry = { registry: 'ghcr.io/acme', manifests: 'app.yaml' };

  test('with a digest is as without it', () => {
    expect(images({ ...registry, images: lines, built: 'true' })).toEqual(
      images({ ...registry, images: lines }),
    );
  });

  test.each(['deploy', 'diff'])('without any is an error of %s that says why', (command) => {
    for (const given of ['', 'db=postgres:17', `db=ghcr.io/acme/db@${digest}`]) {
      const { inputs, findings } = read({ ...registry, command, images: given, built: 'true' });
      expect(inputs).toBeUndefined();
      expect(findings).toEqual([
        expect.objectContaining({
          code: 'input-invalid',
          what: 'Input `images` has no digest, though `built` says that another job built images.',
          hint: expect.stringMatching(
            /GitHub drops an output.*jq -c \. key\.json \| gh secret set YC_SA_JSON_CREDENTIALS --env/s,
          ),
        }),
      ]);
    }
  });

  test('means nothing to a command that deploys no image', () => {
    expect(read({ command: 'status', environment: 'production', built: 'true' }).findings).toEqual(
      [],
    );
  });

  test('where the lines themselves are wrong only they are told', () => {
    expect(whats({ ...registry, built: 'true', images: 'backend=' })).toEqual([
      expect.stringContaining('line 1 gives `backend` an empty reference'),
    ]);
  });

  test('is false where nothing is said', () => {
    expect(read({ ...registry, images: '' }).findings).toEqual([]);
  });
});
