// CustomResourceDefinitions and other objects of the API itself.
import type { KubeObject } from '../../cluster/objects.ts';
import { findingOf } from '../diagnose.ts';
import { plain } from '../plain-text.ts';
import { byTime, type Sight } from '../sight.ts';
import { conditionOf } from '../typed.ts';
import { type Verdict, verdictOf } from '../verdict.ts';

const establishMs = 60_000;

/** Established with accepted names. */
export function judgeDefinition(live: KubeObject, sight: Sight): Verdict {
  const names = conditionOf(live, 'NamesAccepted');
  if (names?.status === 'False') {
    const taken = findingOf(live, {
      code: 'rollout-failed',
      certain: true,
      what: 'its names are taken by another CustomResourceDefinition',
      evidence: [plain(`${names.reason ?? ''}: ${names.message ?? ''}`)],
      hint: 'Rename it, or remove the other definition.',
    });
    return verdictOf('waiting', 'names not accepted', { findings: [taken] });
  }
  const established = conditionOf(live, 'Established');
  if (established?.status === 'True' && names) return verdictOf('ready', 'established');
  const from = Math.max(
    sight.writtenAt ?? 0,
    sight.memory.seen.get(live.metadata.uid ?? '') ?? sight.now,
  );
  const late = findingOf(live, {
    code: 'rollout-failed',
    ...byTime(from + establishMs, sight),
    what: 'it is not established',
    evidence: [plain(established?.message ?? 'no condition Established yet')],
  });
  return verdictOf('waiting', 'not established yet', {
    findings: late.severity === 'fatal' ? [late] : [],
  });
}

/** A namespace is ready while it is Active. */
export function judgeNamespace(live: KubeObject): Verdict {
  const { status } = live as { readonly status?: { readonly phase?: string } };
  if (status?.phase !== 'Terminating') return verdictOf('ready', 'active');
  const going = findingOf(live, {
    code: 'rollout-failed',
    certain: true,
    what: 'the namespace is being deleted',
    evidence: [`finalizers: ${(live.metadata.finalizers ?? ['kubernetes']).join(', ')}`],
    hint: 'Wait until it is gone, then run again.',
  });
  return verdictOf('waiting', 'being deleted', { findings: [going] });
}
