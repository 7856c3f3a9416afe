import { expect, test } from '@jest/globals';
import { fieldSetOf } from '../../src/kube/field-set.ts';

test('managed fields of another form own nothing', () => {
  const odd = { 'f:a': { 'k:{': {}, 'k:[]': {}, 'v:x': {}, 'f:b': 5, 'v:1': {}, '.': {} }, b: {} };
  expect(fieldSetOf(odd)).toEqual({ 'f:a': { 'v:1': {}, '.': {} } });
  expect(fieldSetOf('x')).toEqual({});
});
