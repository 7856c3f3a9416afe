import { expect, test } from '@jest/globals';
import { podAmounts } from '../../src/preflight/pod-amounts.ts';

const container = (cpu: string, more = {}) => ({ resources: { requests: { cpu } }, ...more });
const cpuOf = (spec: object) => podAmounts({ spec }).get('requests.cpu');

test('containers count together, an init container where it is larger', () => {
  expect(cpuOf({ containers: [container('100m'), container('0.2')] })).toBeCloseTo(0.3);
  const init = { initContainers: [container('2')], containers: [container('1')] };
  expect(cpuOf(init)).toBe(2);
});

test('a sidecar counts beside the containers and the init containers after it', () => {
  const sidecar = container('1', { restartPolicy: 'Always' });
  expect(cpuOf({ initContainers: [sidecar], containers: [container('1')] })).toBe(2);
  const after = { initContainers: [sidecar, container('3')], containers: [container('1')] };
  expect(cpuOf(after)).toBe(4);
  const before = { initContainers: [container('3'), sidecar], containers: [container('1')] };
  expect(cpuOf(before)).toBe(3);
});

test('a request that is not written is its limit; the overhead is added; the pod itself wins', () => {
  const limited = { containers: [{ resources: { limits: { memory: '1Gi' } } }] };
  expect(podAmounts({ spec: limited }).get('requests.memory')).toBe(2 ** 30);
  expect(podAmounts({ spec: limited }).get('limits.memory')).toBe(2 ** 30);
  expect(cpuOf({ overhead: { cpu: '1' }, containers: [container('1')] })).toBe(2);
  const whole = { resources: { requests: { cpu: '5' } }, containers: [container('1')] };
  expect(cpuOf(whole)).toBe(5);
});

test('whatever it is, it is one pod', () => {
  for (const odd of [undefined, {}, { spec: 1 }, { spec: { containers: 'x' } }]) {
    expect(podAmounts(odd).get('pods')).toBe(1);
  }
});
