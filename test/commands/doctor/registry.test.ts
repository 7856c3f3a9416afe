// What doctor says of a registry, by the answers that Yandex's registries give.
import { expect, test } from '@jest/globals';
import { checkRegistry } from '../../../src/commands/doctor/registry.ts';
import type { HttpRequest, HttpResponse } from '../../../src/core/ports.ts';
import { Secret } from '../../../src/core/secret.ts';

const login = { username: 'iam', password: new Secret('t1.token') };

function look(host: string, answers: readonly Partial<HttpResponse>[]) {
  const sent: string[] = [];
  const waiting = [...answers];
  const http = {
    send: async ({ method = 'GET', url }: HttpRequest): Promise<HttpResponse> => {
      sent.push(`${method} ${url}`);
      return { status: 200, headers: {}, body: '', ...waiting.shift() };
    },
  };
  const address = { host, prefix: `${host}/crp1` };
  const done = checkRegistry({
    address,
    login,
    http,
    mask: () => undefined,
    serviceAccountId: 'aje1',
  });
  return done.then((check) => ({ check, sent }));
}

const upload = '/v2/crp1/webgen-deploy-doctor/blobs/uploads/';
const denied = {
  status: 403,
  body: '{"errors":[{"code":"DENIED","message":"Permission denied"}]}',
};

test('an upload is begun and ended again', async () => {
  const begun = { status: 202, headers: { location: `${upload}77` } };
  const { check, sent } = await look('registry.yandexcloud.net', [begun, { status: 204 }]);
  expect(check).toMatchObject({ verdict: 'ok', fix: [] });
  expect(sent).toEqual([
    `POST https://registry.yandexcloud.net${upload}`,
    `DELETE https://registry.yandexcloud.net${upload}77`,
  ]);
});

test.each([
  ['registry.yandexcloud.net', 'yc cloud-registry registry', 'cloud-registry.artifacts.pusher'],
  ['cr.yandex', 'yc container registry', 'container-registry.images.pusher'],
])('%s: a push that is not allowed comes with the command of its kind', async (host, yc, role) => {
  const { check } = await look(host, [denied]);
  expect(check).toMatchObject({ verdict: 'failed', evidence: [expect.stringContaining('403')] });
  const command = `${yc} add-access-binding crp1 --role ${role} --subject serviceAccount:aje1`;
  expect(check.fix[0]).toBe(command);
});

test('a move from cr.yandex is advised, even where it still accepts images', async () => {
  const { check } = await look('cr.yandex', [{ status: 202 }]);
  expect(check).toMatchObject({ verdict: 'failed' });
  expect(check.fix.join()).toContain('registry.yandexcloud.net');
});
