// Images built, pushed to a real registry and deployed by digest; what did not change is found again.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { builderUnavailable } from '../../support/images/builder.ts';
import { dockerfile, openShopImages, type ShopImages } from '../../support/shop-images.ts';
import type { Run } from '../../support/site.ts';

const reason = await builderUnavailable();
const withBuilder = reason === undefined ? describe : describe.skip;
const mediaTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

interface Manifest {
  readonly annotations: Readonly<Record<string, string>>;
  readonly manifests: readonly { readonly digest: string }[];
}

withBuilder(`images${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let shop: ShopImages;
  let first: Run;

  beforeAll(async () => {
    shop = await openShopImages();
  }, 900_000);

  afterAll(() => shop?.stop());

  const digestsOf = ({ outputs }: Run): Readonly<Record<string, string>> =>
    JSON.parse(outputs['digests'] ?? '{}');

  async function manifest(repository: string, reference: string) {
    const url = `http://${shop.registry.address}/v2/${repository}/manifests/${reference}`;
    const answer = await fetch(url, { headers: { accept: mediaTypes.join(', ') } });
    const digest = answer.headers.get('docker-content-digest');
    return { status: answer.status, digest, body: (await answer.json()) as Manifest };
  }

  test('are pushed and deployed by exactly the digests that were built', async () => {
    first = await shop.run({});
    expect(first.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    const images = JSON.parse(first.outputs['images'] ?? '{}');
    for (const [name, digest] of Object.entries(digestsOf(first))) {
      expect(images[name]).toBe(`${shop.registry.address}/shop/${name}@${digest}`);
      expect(await shop.imageOf(name)).toBe(images[name]);
      expect((await manifest(`shop/${name}`, 'main')).digest).toBe(digest);
      expect(first.stdout).toMatch(new RegExp(`^${name}: stage build: `, 'm'));
      expect(first.stdout).toContain(`::group::Build log: ${name}`);
    }
    expect(Object.keys(images)).toEqual(['backend', 'frontend']);
    expect(first.stdout).toMatch(/^(?:back|front)end: stage build: .*slowest: RUN/m);
    expect(first.summary).toContain('section build');
    expect(first.summary).toMatch(/push backend :done/);
  }, 120_000);

  test('are not built again while nothing changes, and get the tags of the run', async () => {
    await shop.builder.prune();
    const event = { repository: { default_branch: 'main' } };
    const second = await shop.run({}, { event });
    expect(second.outputs).toMatchObject({ status: 'unchanged' });
    expect(digestsOf(second)).toEqual(digestsOf(first));
    expect(second.stdout).toContain('backend: not built, nothing has changed');
    expect(second.stdout).toContain('frontend: not built, nothing has changed');
    expect(second.stdout).not.toContain('Build log');
    // 1.5 s on a quiet machine; on a busy one only the build beside it is a measure.
    const [built, found] = [first, second].map(
      ({ lines }) => lines.find(({ text }) => text.includes('::group::Dry run'))?.ms,
    );
    expect(found).toBeLessThan(0.7 * (built ?? 0));
    expect((await manifest('shop/backend', 'latest')).digest).toBe(digestsOf(first)['backend']);
  }, 120_000);

  test('are built again when a file of theirs changes, and only those', async () => {
    const workspace = await shop.copy({ 'backend/name.txt': 'backend 2' });
    const changed = await shop.run({}, { workspace });
    expect(changed.outputs['status']).toBe('deployed');
    expect(changed.stdout).toContain('frontend: not built');
    const [before, after] = [digestsOf(first), digestsOf(changed)];
    expect(after['frontend']).toBe(before['frontend']);
    expect(after['backend']).not.toBe(before['backend']);
    expect(await shop.imageOf('backend')).toContain(after['backend']);
  }, 120_000);

  test('of a pull request go where production never reads, named by its head commit', async () => {
    const sha = 'abcdef0123456789abcdef0123456789abcdef01';
    const event = { pull_request: { number: 7, head: { sha }, base: { ref: 'main' } } };
    const workspace = await shop.copy({ 'backend/name.txt': 'proposed' });
    const job = { eventName: 'pull_request', ref: 'refs/pull/7/merge', baseRef: 'main', event };
    const run = await shop.run({ command: 'build' }, { ...job, workspace });
    expect(run.outputs['status']).toBe('succeeded');
    const images = JSON.parse(run.outputs['images'] ?? '{}');
    expect(images.backend).toContain('/shop/pull-requests/backend@sha256:');
    for (const tag of [sha, 'pr-7']) {
      const { digest } = await manifest('shop/pull-requests/backend', tag);
      expect(digest).toBe(digestsOf(run)['backend']);
      expect((await manifest('shop/backend', tag)).status).toBe(404);
      expect((await manifest('shop/frontend', tag)).status).toBe(404);
    }
    // What production has is read: the other image did not change.
    expect(images.frontend).toContain('/shop/frontend@sha256:');
    // And production builds what the pull request proposed anew.
    const merged = await shop.run({ command: 'build' }, { workspace });
    expect(merged.stdout).not.toContain('backend: not built');
  }, 120_000);

  test('carry where they come from, and attestations when asked', async () => {
    const entry = '- {name: backend, context: backend, cache: none}';
    const run = await shop.run({ command: 'build', build: entry, provenance: 'max' });
    expect(run.outputs['status']).toBe('succeeded');
    const { body } = await manifest('shop/backend', `${digestsOf(run)['backend']}`);
    expect(body.manifests).toHaveLength(2);
    expect(body.annotations['org.opencontainers.image.source']).toMatch(/\/acme\/shop$/);
    const [image] = body.manifests;
    const { body: own } = await manifest('shop/backend', `${image?.digest}`);
    expect(own.annotations['org.opencontainers.image.title']).toBe('backend');
  }, 120_000);

  test('of a bake file are pushed where it says', async () => {
    const workspace = await shop.copy({
      'docker-bake.hcl': `group "default" { targets = ["api"] }
target "api" {
  context = "backend"
  tags = ["${shop.registry.address}/own/api:\${upper("v")}1"]
}
`,
    });
    const given = { command: 'build', build: '', 'bake-file': 'docker-bake.hcl' };
    const run = await shop.run(given, { workspace });
    expect(run.outputs['status']).toBe('succeeded');
    const { digest } = await manifest('own/api', 'V1');
    expect(digestsOf(run)).toEqual({ api: digest });
  }, 120_000);

  test('keep a build secret out of the image, the log and every argument', async () => {
    const secret = 'correct-horse-battery-staple';
    const text = dockerfile('backend').replace(
      'RUN --network=none',
      'RUN --mount=type=secret,id=token,required=true --network=none',
    );
    const workspace = await shop.copy({ 'backend/Dockerfile': text });
    const entry = '- {name: backend, context: backend, secrets: {token: SHOP_TOKEN}}';
    const given = { command: 'build', build: entry };
    const without = await shop.run(given, { workspace });
    expect(without.outputs['error-code']).toBe('input-invalid');
    expect(without.text).toContain('the variable SHOP_TOKEN is not set');
    const run = await shop.run(given, { workspace, env: { SHOP_TOKEN: secret } });
    expect(run.outputs['status']).toBe('succeeded');
    expect(run.stdout).toContain(`::add-mask::${secret}`);
    expect(run.text.replace(`::add-mask::${secret}`, '')).not.toContain(secret);
  }, 120_000);
});
