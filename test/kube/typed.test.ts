// Events tell how often and when in three ways, depending on who wrote them.
import { expect, test } from '@jest/globals';
import { countOf, firstSeen, type KubeEvent, lastSeen } from '../../src/kube/typed.ts';
import { at, event, noon, pod } from '../support/rollout/made.ts';

const told = event(pod('p1'), 'BackOff', 'again') as unknown as KubeEvent;
const { firstTimestamp: _, lastTimestamp: __, count: ___, ...bare } = told;

test.each<[string, KubeEvent, number, number, number]>([
  ['count and times', { ...told, count: 4, lastTimestamp: at(60) } as KubeEvent, 4, 1, 60],
  [
    'a series',
    {
      ...bare,
      eventTime: at(2),
      series: { count: 7, lastObservedTime: at(90) },
    } as unknown as KubeEvent,
    7,
    2,
    90,
  ],
  ['one moment', { ...bare, eventTime: at(3) } as unknown as KubeEvent, 1, 3, 3],
])('%s', (_name, each, count, first, last) => {
  expect(countOf(each)).toBe(count);
  expect(firstSeen(each)).toBe(noon + first * 1_000);
  expect(lastSeen(each)).toBe(noon + last * 1_000);
});
