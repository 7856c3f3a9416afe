// An answer that never comes to its end, and does not hear that nobody waits for it any more.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { type Reading, streamed, whole } from '../../src/platform/exchange.ts';
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
