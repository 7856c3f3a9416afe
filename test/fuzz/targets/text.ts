// Text for people: an outcome in which every text is somebody else's.
import fc from 'fast-check';
import type { ChangeKind } from '../../../src/apply/planned/change.ts';
import { type Code, codes } from '../../../src/core/codes.ts';
import type { Finding, ReportedFinding } from '../../../src/core/errors.ts';
import { clip, neutralise, oneLine, safeLines } from '../../../src/core/text.ts';
import type { Outcome } from '../../../src/report/outcome.ts';
import type { State } from '../../../src/rollout/facts/verdict.ts';
import { commandIn } from '../../support/platform/runner-commands.ts';
import { text } from '../arbitraries.ts';
import { target } from '../target.ts';

const optional = fc.option(text, { nil: undefined });

const log = fc.record({
  pod: text,
  container: text,
  previous: fc.boolean(),
  lines: fc.array(text, { maxLength: 4 }),
});

const finding = fc
  .record({
    code: fc.constantFrom(...(Object.keys(codes) as Code[])),
    severity: fc.constantFrom('fatal' as const, 'warning' as const, 'note' as const),
    object: optional,
    namespace: optional,
    pod: optional,
    container: optional,
    file: optional,
    line: fc.option(fc.nat(100), { nil: undefined }),
    node: optional,
    what: text,
    evidence: fc.array(text, { maxLength: 4 }),
    hint: text,
    logs: fc.option(fc.array(log, { maxLength: 2 }), { nil: undefined }),
  })
  // As in the data of a case: what is undefined is not there.
  .map((each) => Object.fromEntries(Object.entries(each).filter(([, item]) => item !== undefined)));

const states: readonly State[] = ['ready', 'waiting', 'failed', 'suspended', 'absent'];
const changes: readonly ChangeKind[] = [
  'created',
  'configured',
  'unchanged',
  'recreated',
  'deleted',
];

const workload = fc.record({
  object: text,
  namespace: text,
  verdict: fc.record({
    state: fc.constantFrom(...states),
    words: text,
    progress: fc.constant([]),
    findings: fc.constant([]),
  }),
  from: fc.constant(0),
  to: fc.nat(10 ** 9),
});

const outcome = fc.record({
  command: fc.constantFrom('deploy', 'diff', 'status', 'rollback', 'history', 'scan', 'build'),
  status: fc.constantFrom(
    'deployed',
    'unchanged',
    'rolled-back',
    'failed',
    'cancelled',
    'succeeded',
  ),
  images: fc.dictionary(fc.constantFrom('backend', 'a', 'b'), text, {
    maxKeys: 2,
    noNullPrototype: true,
  }),
  changes: fc.array(
    fc.record({
      object: text,
      namespace: text,
      change: fc.constantFrom(...changes),
      fields: fc.array(text, { maxLength: 3 }),
      patch: text,
    }),
    { maxLength: 3 },
  ),
  restarts: fc.array(fc.record({ object: text, because: fc.array(text, { maxLength: 2 }) }), {
    maxLength: 2,
  }),
  kept: fc.array(fc.record({ object: text, namespace: text, why: text }), { maxLength: 2 }),
  unverified: fc.array(fc.record({ object: text, why: text }), { maxLength: 2 }),
  workloads: fc.array(workload, { maxLength: 3 }),
  timings: fc.array(
    fc.record({
      section: fc.constantFrom('prepare', 'build', 'apply', 'rollout'),
      name: text,
      from: fc.constant(Date.UTC(2026, 10, 27, 12)),
      to: fc.constant(Date.UTC(2026, 10, 27, 12) + 9_000),
    }),
    { maxLength: 3 },
  ),
  undone: fc.record({
    state: fc.constantFrom('done', 'nothing', 'failed'),
    objects: fc.array(fc.record({ object: text, did: fc.constant('left'), why: text }), {
      maxLength: 2,
    }),
    workloads: fc.array(workload, { maxLength: 1 }),
    from: fc.constant(0),
    to: fc.constant(1),
  }),
  releases: fc.array(
    fc.record({
      number: fc.nat(99),
      state: fc.constantFrom('good', 'failed', 'pending'),
      app: fc.constant('shop'),
      environment: text,
      startedAt: text,
      actor: text,
      commit: text,
      runUrl: text,
      images: fc.constant({}),
      objects: fc.constant(1),
      parts: fc.constant(1),
    }),
    { maxLength: 2 },
  ),
});

export const textTargets = {
  outcome: target<{
    readonly findings: readonly ReportedFinding[];
    readonly outcome: Partial<Outcome>;
  }>(fc.record({ findings: fc.array(finding, { maxLength: 4 }), outcome }), (given) => given),

  finding: target<readonly Finding[]>(
    fc.array(finding, { minLength: 1, maxLength: 3 }),
    (findings) => ({
      findings,
    }),
  ),

  text: target<readonly string[]>(fc.array(text, { minLength: 1, maxLength: 3 }), (texts) => {
    for (const each of texts) {
      const line = neutralise(each);
      if (neutralise(line) !== line) throw new Error(`not the same twice: ${JSON.stringify(each)}`);
      if (commandIn(line) !== undefined) throw new Error(`a command: ${JSON.stringify(each)}`);
      if (clip(oneLine(each), 50).length > 50) throw new Error('longer than it may be');
    }
    return { lines: [...texts, ...texts.flatMap(safeLines)] };
  }),
};
