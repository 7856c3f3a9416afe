// CustomResourceDefinitions and other objects that configure the API itself.
import { plain } from '../../../core/plain-text.ts';
import type { KubeObject } from '../../../kube/objects.ts';
import { conditionOf } from '../../../kube/typed.ts';
import { byTime, type JudgeContext } from '../../facts/judge-context.ts';
import type { SignalRow } from '../../facts/verdict.ts';
import { type LiveFinding, type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';

export const definitionRows: readonly SignalRow[] = [
  ['CRD: NamesAccepted=False', 'rollout-failed', 'at once', 'customresourcedefinition/names-taken'],
  ['CRD: Established never', 'rollout-failed', '60 s', 'customresourcedefinition/not-established'],
  ['CRD: NonStructuralSchema', 'rollout-failed', 'never', 'customresourcedefinition/loose-schema'],
  [
    'APIService: Available=False, MissingEndpoints or ServiceNotFound',
    'rollout-failed',
    '60 s',
    'apiservice/no-endpoints',
  ],
  ['Namespace: phase Terminating', 'rollout-failed', 'at once', 'namespace/terminating'],
];

const establishMs = 60_000;

/** Ready when established with accepted names. */
export function judgeDefinition(live: KubeObject, context: JudgeContext): Verdict {
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
  if (established?.status === 'True' && names) {
    return verdictOf('ready', 'established', { findings: schemaFindings(live) });
  }
  const from = Math.max(
    context.writtenAt ?? 0,
    context.memory.seen.get(live.metadata.uid ?? '') ?? context.now,
  );
  const late = findingOf(live, {
    code: 'rollout-failed',
    ...byTime(from + establishMs, context),
    what: 'it is not established',
    evidence: [plain(established?.message ?? 'no condition Established yet')],
  });
  return verdictOf('waiting', 'not established yet', {
    findings: late.severity === 'fatal' ? [late] : [],
  });
}

function schemaFindings(live: KubeObject): readonly LiveFinding[] {
  const schema = conditionOf(live, 'NonStructuralSchema');
  if (schema?.status !== 'True') return [];
  const loose = findingOf(live, {
    code: 'rollout-failed',
    severity: 'warning',
    certain: false,
    what: 'its schema is not structural, so fields are neither checked nor pruned',
    evidence: [plain(schema.message ?? '')],
    hint: 'Give every field of the schema a type.',
  });
  return [loose];
}

const serviceGone = /^(ServiceNotFound|MissingEndpoints|EndpointsNotFound|ServicePortError)$/;

/** An APIService is ready when it is Available; the server behind it may be missing. */
export function judgeApiService(live: KubeObject, context: JudgeContext): Verdict {
  const available = conditionOf(live, 'Available');
  if (available?.status === 'True') return verdictOf('ready', 'available');
  const seen = context.memory.seen.get(live.metadata.uid ?? '') ?? context.now;
  const from = Math.max(context.writtenAt ?? 0, seen);
  const words = plain(`${available?.reason ?? 'no condition yet'}: ${available?.message ?? ''}`);
  const broken = findingOf(live, {
    code: 'rollout-failed',
    ...(serviceGone.test(available?.reason ?? '')
      ? byTime(from + establishMs, context)
      : { certain: false }),
    what: 'the API behind it does not answer, which also breaks discovery for all clients',
    evidence: [words],
    hint: 'Bring up the Service and pods that it names, or delete the APIService.',
  });
  const findings = available?.status === 'False' ? [broken] : [];
  return verdictOf('waiting', words, { findings });
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
