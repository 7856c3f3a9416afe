// What breaks before a session has begun is an outcome all the same.
import { expect, test } from '@jest/globals';
import { ActionError, finding } from '../../src/core/errors.ts';
import { outputsOf } from '../../src/report/render.ts';
import { defectFindings } from '../../src/run/conclude.ts';
import { failedSession } from '../../src/run/session.ts';
import { fastClock } from '../support/cluster/fakes.ts';

test.each([
  [new TypeError('x is not a function'), 'internal-error', 'x is not a function'],
  ['a text that was thrown', 'internal-error', 'a text that was thrown'],
  [null, 'internal-error', 'null'],
  [new ActionError(finding('forbidden', 'It may not.')), 'forbidden', 'It may not.'],
])('%s', (error, code, words) => {
  const session = failedSession(error, { command: 'deploy' }, fastClock());
  expect(session).toMatchObject({ refused: false, summary: true });
  expect(session.outcome.findings[0]).toMatchObject({
    code,
    what: expect.stringContaining(words),
  });
  expect(outputsOf(session.outcome)['error-code']).toBe(code);
  expect(defectFindings(error)[0]?.code).toBe(code);
});
