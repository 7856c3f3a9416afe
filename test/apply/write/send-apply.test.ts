import { describe, expect, test } from '@jest/globals';
import { sendApply } from '../../../src/apply/write/send-apply.ts';
import type { ApiResponse } from '../../../src/core/ports.ts';
import { fastClock } from '../../support/cluster/fakes.ts';

const refusal = (message: string): ApiResponse => ({
  status: 403,
  headers: {},
  body: { kind: 'Status', reason: 'Forbidden', code: 403, message },
});
const account = (name: string): ApiResponse =>
  refusal(
    `pods "seed" is forbidden: error looking up service account shop/${name}: serviceaccount "${name}" not found`,
  );
const made: ApiResponse = { status: 201, headers: {}, body: {} };

async function send(...answers: readonly [ApiResponse, ...ApiResponse[]]) {
  let sent = 0;
  const api = {
    send: async () => {
      sent += 1;
      return answers[Math.min(sent, answers.length) - 1] ?? answers[0];
    },
  };
  const request = { method: 'PATCH', path: '/api/v1/namespaces/shop/pods/seed' } as const;
  const { status } = await sendApply(request, { api, clock: fastClock() });
  return { status, sent };
}

describe('an apply', () => {
  test('into a namespace so new that its default account is not there yet is sent again', async () => {
    const early = account('default');
    expect(await send(early, early, made)).toEqual({ status: 201, sent: 3 });
  });

  test('is refused in the end where the account does not come', async () => {
    const { status, sent } = await send(account('default'));
    expect(status).toBe(403);
    expect(sent).toBeGreaterThan(3);
  });

  test('is sent once for every other answer', async () => {
    expect(await send(made)).toEqual({ status: 201, sent: 1 });
    expect(await send(account('ci'))).toEqual({ status: 403, sent: 1 });
    expect(await send(refusal('pods is forbidden: User "x" cannot patch'))).toMatchObject({
      sent: 1,
    });
  });
});
