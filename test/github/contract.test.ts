import { expect, test } from '@jest/globals';
import {
  answerProblems,
  bodyProblems,
  operationOf,
  sample,
} from '../../e2e/support/github/contract.ts';

const status = 'repos/create-deployment-status';

test('a request is found by its path', () => {
  const path = '/repos/acme/shop/deployments/7/statuses';
  const parameters = { owner: 'acme', repo: 'shop', deployment_id: '7' };
  expect(operationOf('POST', path)).toEqual({ id: status, parameters });
  expect(operationOf('DELETE', path)).toBeUndefined();
});

test('bodies are held against what GitHub published', () => {
  expect(bodyProblems(status, { state: 'success' })).toEqual([]);
  expect(bodyProblems(status, {})).not.toEqual([]);
  expect(bodyProblems(status, { state: 'done' })).not.toEqual([]);
  expect(bodyProblems(status, { state: 'success', log: 'x' })).toEqual(['log is unknown']);
  expect(bodyProblems('repos/create-deployment', { ref: 7 })).not.toEqual([]);
});

test('and so are the answers of the emulator', () => {
  const answer = sample('deployment');
  expect(answerProblems('repos/create-deployment', 201, answer)).toEqual([]);
  expect(answerProblems('repos/create-deployment', 201, { ...answer, id: 'seven' })).not.toEqual(
    [],
  );
  expect(answerProblems('repos/create-deployment', 200, answer)).not.toEqual([]);
});
