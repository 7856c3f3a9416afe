// A machine that is busy makes a test against real programs late: it has a second go, and the first
// failure is printed all the same.
import { jest } from '@jest/globals';

jest.retryTimes(1, { logErrorsBeforeRetry: true });
