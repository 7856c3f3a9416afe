import { afterEach, expect, test, vi } from 'vitest';
import { passOn } from '../lib/proxy.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('passes method, path, query, body and headers on, and the answer back', async () => {
  vi.stubEnv('BACKEND_URL', 'http://backend:8000');
  const send = vi.fn(
    async (_url: unknown, _init: RequestInit) =>
      new Response('made', { status: 201, headers: { 'x-served-by': 'primary' } }),
  );
  const request = new Request('http://localhost:3000/api/creatives?x=1', {
    method: 'POST',
    headers: { authorization: 'Bearer abc' },
    body: '{}',
  });
  const answer = await passOn(request, send as unknown as typeof fetch);
  expect(answer.status).toBe(201);
  expect(answer.headers.get('x-served-by')).toBe('primary');
  expect(await answer.text()).toBe('made');
  const [url, init] = send.mock.calls[0] ?? [];
  expect(url).toBe('http://backend:8000/api/creatives?x=1');
  expect(new Headers(init?.headers).get('authorization')).toBe('Bearer abc');
  expect(new TextDecoder().decode(init?.body as ArrayBuffer)).toBe('{}');
});

test('answers 502 where the backend does not answer, and logs a line', async () => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const answer = await passOn(new Request('http://localhost:3000/api/x'), async () => {
    throw new TypeError('fetch failed');
  });
  expect(answer.status).toBe(502);
  expect(JSON.parse(String(written.mock.calls[0]?.[0]))).toMatchObject({
    level: 'error',
    path: '/api/x',
  });
});
