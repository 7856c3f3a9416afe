// A machine that is busy makes a test against real programs late: each has a minute, not jest's five
// seconds, and a second go; the first failure is printed all the same.
import { jest } from '@jest/globals';

jest.setTimeout(60_000);
jest.retryTimes(1, { logErrorsBeforeRetry: true });
