import { afterEach, describe, expect, test, vi } from 'vitest';
import { add, newest } from '../lib/creatives.ts';

afterEach(() => vi.unstubAllEnvs());

const answering = (...answers: Response[]) => {
  const asked: { url: string; init: RequestInit }[] = [];
  const get = (async (url: string, init: RequestInit = {}) => {
    asked.push({ url, init });
    const answer = answers.shift();
    if (!answer) throw new TypeError('fetch failed');
    return answer;
  }) as typeof fetch;
  return { get, asked };
};

describe('newest', () => {
  test('asks the backend that the environment names, past every cache', async () => {
    vi.stubEnv('BACKEND_URL', 'http://backend-service:8000');
    const rows = [{ id: 1, title: 'Tea', status: 'ready', slogan: 's', created_at: 't' }];
    const { get, asked } = answering(Response.json(rows));
    expect(await newest(get)).toEqual(rows);
    expect(asked[0]).toMatchObject({
      url: 'http://backend-service:8000/api/creatives',
      init: { cache: 'no-store' },
    });
  });

  test('says why there is nothing to show', async () => {
    expect(await newest(answering(new Response('', { status: 503 })).get)).toBe(
      'The API answered 503.',
    );
    expect(await newest(answering().get)).toBe('The API does not answer.');
  });
});

describe('add', () => {
  test('opens a session and sends its token', async () => {
    const { get, asked } = answering(
      Response.json({ token: 'abc' }, { status: 201 }),
      new Response('{}', { status: 201 }),
    );
    await add('Tea', get);
    expect(asked.map(({ url }) => url)).toEqual(['/api/session', '/api/creatives']);
    expect(asked[1]?.init).toMatchObject({
      method: 'POST',
      headers: { authorization: 'Bearer abc' },
      body: '{"title":"Tea"}',
    });
  });

  test('rejects with a sentence', async () => {
    const { get } = answering(new Response('', { status: 503 }));
    await expect(add('Tea', get)).rejects.toThrow('No session: the API answered 503.');
  });
});
