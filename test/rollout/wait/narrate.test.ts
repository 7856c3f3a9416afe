// What is reported while it waits: changes once, findings once, a reminder when nothing happens.
import { describe, expect, test } from '@jest/globals';
import { type Verdict, verdictOf } from '../../../src/rollout/facts/verdict.ts';
import { findingOf } from '../../../src/rollout/judge/symptoms/diagnose.ts';
import { narrate, nothingReported, type Subject } from '../../../src/rollout/wait/narrate.ts';
import { deployment } from '../../support/rollout/made.ts';

const available = (have: number, state: 'waiting' | 'ready' = 'waiting'): Verdict =>
  verdictOf(state, `${have} of 3 available`, { progress: [{ what: 'available', have, want: 3 }] });

const subject = (verdict: Verdict): Subject => ({ label: 'Deployment/backend', verdict });

function report(...verdicts: readonly Verdict[]): readonly (readonly string[])[] {
  let reported = nothingReported(0);
  return verdicts.map((verdict, second) => {
    const narration = narrate(reported, [subject(verdict)], second * 1_000);
    reported = narration.reported;
    return narration.lines;
  });
}

const sick = (certain: boolean, evidence = 'x'): Verdict =>
  verdictOf('waiting', '0 of 3 available', {
    findings: [
      findingOf(deployment(), {
        code: 'crash-loop',
        certain,
        what: 'container app dies',
        evidence: [evidence],
      }),
    ],
  });

describe('narrate', () => {
  test('a count is reported when it changes, with its old value', () => {
    expect(report(available(0), available(1), available(1), available(3, 'ready'))).toEqual([
      [],
      ['Deployment/backend: available 0 → 1 of 3'],
      [],
      ['Deployment/backend: available 1 → 3 of 3, ready'],
    ]);
  });

  test('what is no longer ready is reported', () => {
    expect(report(available(3, 'ready'), available(2)).at(-1)).toEqual([
      'Deployment/backend: available 3 → 2 of 3, no longer ready',
    ]);
  });

  test('a finding is reported once, and again when it is certain', () => {
    const lines = report(sick(false), sick(false, 'y'), sick(true), sick(true));
    expect(lines.map((each) => each.length)).toEqual([1, 0, 2, 0]);
    expect(lines[0]?.[0]).toBe('! crash-loop  Deployment/deployment: container app dies: x');
    expect(lines[2]?.[1]).toMatch(/^✗ crash-loop/);
  });

  test('many that are ready at the first look are one line, the others are reported', () => {
    const ready = Array.from({ length: 9 }, (_, at) => ({
      label: `Deployment/d${at}`,
      verdict: available(3, 'ready'),
    }));
    const slow = { label: 'Deployment/slow', verdict: available(1) };
    const first = narrate(nothingReported(0), [...ready, slow], 0);
    expect(first.lines).toEqual([
      '9 of 10 workloads are ready already',
      'Deployment/slow: available 1 of 3',
    ]);
    const sunk = [{ label: 'Deployment/d0', verdict: available(2) }, ...ready.slice(1), slow];
    expect(narrate(first.reported, sunk, 1_000).lines).toEqual([
      'Deployment/d0: available 3 → 2 of 3, no longer ready',
    ]);
  });

  test('what was never waited for is not reported', () => {
    const service = { label: 'Service/web', verdict: verdictOf('ready', 'exists'), quiet: true };
    expect(narrate(nothingReported(0), [service], 0).lines).toEqual([]);
    expect(report(verdictOf('suspended', 'not waited for'))).toEqual([[]]);
  });

  test('after thirty silent seconds it says what it waits for, and then not again at once', () => {
    const first = narrate(nothingReported(0), [subject(available(1))], 0);
    const at = (ms: number, reported = first.reported) =>
      narrate(reported, [subject(available(1))], ms);
    expect(at(29_999).lines).toEqual([]);
    const reminded = at(30_000);
    expect(reminded.lines).toEqual([
      'still waiting after 30 s: Deployment/backend (1 of 3 available)',
    ]);
    expect(at(31_000, reminded.reported).lines).toEqual([]);
  });

  test('a reminder names five and counts the rest', () => {
    const many = Array.from({ length: 50 }, (_, n) => ({ label: `D/${n}`, verdict: available(0) }));
    const { reported } = narrate(nothingReported(0), many, 0);
    expect(narrate(reported, many, 30_000).lines[0]).toMatch(
      /D\/4 \(0 of 3 available\) and 45 more$/,
    );
  });
});
