import { describe, expect, test } from '@jest/globals';
import type { Phase } from '../src/manifests/phases.ts';
import { type Plan, withPhases } from '../src/plan.ts';

const whole: Plan['waves'] = [
  [{ do: 'dry-run' }],
  [{ do: 'apply' }],
  [{ do: 'await-rollout', timeoutMs: 600_000 }],
];

const told = (waves: Plan['waves']) =>
  waves.map((wave) =>
    wave.map((step) => ('phase' in step && step.phase ? `${step.do} ${step.phase}` : step.do)),
  );

describe('a plan with phases', () => {
  const phases: readonly Phase[] = ['preparation', 'base', 'pre-deploy', 'main'];

  test('applies and waits once for each; what is prepared is awaited with the main phase', () => {
    expect(told(withPhases(whole, phases))).toEqual([
      ['dry-run'],
      ['apply preparation'],
      ['apply base'],
      ['await-rollout base'],
      ['apply pre-deploy'],
      ['await-rollout pre-deploy'],
      ['apply main'],
      ['await-rollout main'],
    ]);
  });

  test('every wait has the limit of the whole', () => {
    const waits = withPhases(whole, phases).flat();
    expect(waits.filter((step) => step.do === 'await-rollout')).toHaveLength(3);
    expect(waits).toContainEqual({ do: 'await-rollout', timeoutMs: 600_000, phase: 'base' });
  });

  test('stays as it is without phases, without a wait, and once it is parted', () => {
    expect(withPhases(whole, [])).toBe(whole);
    const unawaited = whole.slice(0, 2);
    expect(withPhases(unawaited, phases)).toBe(unawaited);
    const parted = withPhases(whole, phases);
    expect(withPhases(parted, phases)).toBe(parted);
    expect(withPhases(parted.slice(2), phases)).toEqual(parted.slice(2));
  });
});
