// Every token, JWT and key line occurs nowhere that outlives the run, and in its log only as a mask.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { placesOf, withoutMasks } from '../../support/runner/secrecy.ts';
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
}, 900_000);

afterAll(() => site?.stop());

const secretValue = 'correct horse battery staple';

/** Everything that was secret in the runs so far. */
function secrets(): readonly string[] {
  const { private_key: key } = JSON.parse(site.account.keyJson) as { private_key: string };
  const jwts = site.yandex.requests
    .map(({ body }) => /"jwt":"([^"]+)"/.exec(String(body))?.[1])
    .filter((each) => each !== undefined);
  expect(jwts.length).toBeGreaterThan(0);
  return [
    ...key.split('\n').filter((line) => line.length > 30 && !line.includes(' ')),
    ...jwts,
    ...site.yandex.tokens.map(({ token }) => token),
    ...site.yandex.github.tokens,
    secretValue,
    Buffer.from(secretValue).toString('base64'),
  ];
}

async function expectNoLeak(run: Run): Promise<void> {
  const known = secrets();
  for (const [place, text] of await placesOf(run)) {
    // A file that the test itself gave the job, or our own tokens in it, would show here.
    const found = known.filter((secret) => text.includes(secret)).map((each) => each.slice(0, 6));
    expect({ place, found }).toEqual({ place, found: [] });
  }
}

/** A mask has to be there before the value can be used anywhere else. */
function expectMasked(run: Run): void {
  const masks = run.stdout.split('\n').filter((line) => line.startsWith('::add-mask::'));
  expect(masks.length).toBeGreaterThan(0);
  expect(masks.join('\n')).toContain(site.yandex.tokens.at(-1)?.token);
}

const inputs = {
  namespace: ns,
  'create-namespace': 'true',
  manifests: 'app.yaml',
  secrets: `shop/PASSWORD=${secretValue}`,
};

describe('nothing leaks from', () => {
  test('a deploy that succeeds', async () => {
    const workspace = await site.workspace({ 'app.yaml': deployment('web') });
    const run = await site.run(inputs, { workspace });
    expect(run.code).toBe(0);
    const { body } = await site.cluster.api({ path: `/api/v1/namespaces/${ns}/secrets/shop` });
    expect(Buffer.from(body.data.PASSWORD, 'base64').toString()).toBe(secretValue);
    expectMasked(run);
    await expectNoLeak(run);
  }, 60_000);

  test('a diff of a changed Secret', async () => {
    const workspace = await site.workspace({ 'app.yaml': deployment('web') });
    const changed = { ...inputs, command: 'diff', secrets: 'shop/PASSWORD=another long value' };
    const run = await site.run(changed, { workspace });
    const log = withoutMasks(run.text);
    expect(log).toContain('Secret/shop');
    expect(log).not.toContain('another long value');
    expect(log).not.toContain(Buffer.from('another long value').toString('base64'));
    await expectNoLeak(run);
  }, 60_000);

  test('a deploy that the cluster refuses', async () => {
    const broken = deployment('web').replace('replicas', 'replcas');
    const workspace = await site.workspace({ 'app.yaml': broken });
    const run = await site.run(inputs, { workspace });
    expect(run.code).toBe(1);
    await expectNoLeak(run);
  }, 60_000);

  test('a message that quotes a value which is a secret', async () => {
    const odd = 'p"a_s*s@w\\ord<1>';
    const workspace = await site.workspace({
      'app.yaml': deployment('web', { image: '${IMAGE}' }),
    });
    const quoted = { ...inputs, secrets: `shop/PASSWORD=${odd}`, variables: `IMAGE=${odd}` };
    const run = await site.run(quoted, { workspace });
    expect(run.outputs['error-code']).toBe('image-name-invalid');
    const forms = [odd, JSON.stringify(odd).slice(1, -1), 'p&quot;a', 's&#42;s', 's\\*s', 's*s'];
    for (const [place, text] of await placesOf(run)) {
      const found = place.endsWith('.yaml') ? [] : forms.filter((form) => text.includes(form));
      expect({ place, found }).toEqual({ place, found: [] });
    }
  }, 60_000);

  test('a key that is refused, and one that cannot be read', async () => {
    const other = site.yandex.addServiceAccount([]);
    const workspace = await site.workspace({ 'app.yaml': deployment('web') });
    for (const key of [other.keyJson, site.account.keyJson.slice(0, -40)]) {
      const run = await site.run({ ...inputs, 'yc-sa-json-credentials': key }, { workspace });
      expect(run.code).toBe(1);
      const lines = key.split('\\n').filter((line) => line.length > 30 && !line.includes(' '));
      for (const line of lines) expect(withoutMasks(run.text)).not.toContain(line);
      await expectNoLeak(run);
    }
  }, 60_000);
});
