// An answer that never comes to its end, and does not hear that nobody waits for it any more.
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { type Reading, streamed, whole } from '../../src/platform/exchange.ts';
import { jsonLines } from '../../src/platform/json-lines.ts';
import { timeLimit } from '../../src/platform/time-limit.ts';

const never = new Promise<never>(() => undefined);

/** What undici gives for a stream of HTTP/2 that was aborted at the wrong moment. */
function deaf(first: string, later: Promise<string> = never): Dispatcher.ResponseData {
  async function* chunks() {
    yield Buffer.from(first);
    yield Buffer.from(await later);
  }
  const body = Object.assign(chunks(), { arrayBuffer: () => never });
  return { statusCode: 200, headers: {}, body } as unknown as Dispatcher.ResponseData;
}

async function abandoned(read: Reading, response: Dispatcher.ResponseData): Promise<unknown> {
  const caller = new AbortController();
  const limit = timeLimit(60_000, caller.signal);
  setTimeout(() => caller.abort(new Error('no longer wanted')), 20);
  try {
    return await read(response, limit).catch((error: unknown) => error);
  } finally {
    limit.end();
  }
}

describe('an answer beyond all measure', () => {
  const answer = (headers: Readonly<Record<string, string>>, ...chunks: readonly Buffer[]) => {
    async function* body() {
      yield* chunks;
    }
    return { statusCode: 200, headers, body: body() } as unknown as Dispatcher.ResponseData;
  };
  const read = async (response: Dispatcher.ResponseData, reading: Reading = whole) => {
    const limit = timeLimit(60_000, undefined);
    return reading(response, limit)
      .catch((error: unknown) => error)
      .finally(() => limit.end());
  };
  const gzip = { 'content-encoding': 'gzip', 'content-type': 'application/json' };

  test('is given up, packed or not', async () => {
    const mega = Buffer.alloc(2 ** 20, ' ');
    const large = await read(answer({}, ...Array.from({ length: 257 }, () => mega)));
    expect(large).toMatchObject({ reason: 'TOO_LARGE' });
    const bomb = gzipSync(Buffer.alloc(257 * 2 ** 20));
    expect(bomb.length).toBeLessThan(2 ** 20);
    expect(await read(answer(gzip, bomb))).toMatchObject({ reason: 'TOO_LARGE' });
  });

  test('or not what it says, is no crash', async () => {
    expect(await read(answer(gzip, Buffer.from('{}')))).toMatchObject({ reason: 'EPROTO' });
    expect(await read(answer(gzip, gzipSync('{"a":1}')))).toMatchObject({ body: { a: 1 } });
  });

  test('a line of a stream has a limit too', () => {
    const lines: unknown[] = [];
    const feed = jsonLines((line) => lines.push(line), 10);
    feed(Buffer.from('{"a":1}\n{"a"'));
    feed(Buffer.from(':2}\n'));
    expect(() => feed(Buffer.from('x'.repeat(11)))).toThrow('longer than 10 bytes');
    expect(lines).toEqual([{ a: 1 }, { a: 2 }]);
  });
});

describe('an answer that hears no abort', () => {
  test('as a whole is left', async () => {
    expect(await abandoned(whole, deaf(''))).toEqual(new Error('no longer wanted'));
  });

  test('as a stream is left, and what comes later is not told', async () => {
    const events: unknown[] = [];
    const later = Promise.withResolvers<string>();
    const read = streamed((event) => events.push(event));
    const response = deaf('{"a":1}\n', later.promise);
    expect(await abandoned(read, response)).toEqual(new Error('no longer wanted'));
    later.resolve('{"a":2}\n');
    await sleep(5);
    expect(events).toEqual([{ a: 1 }]);
  });
});
