// HTTPRoutes: each gateway reports by its own conditions whether it has accepted the route.
import { plain } from '../../../core/plain-text.ts';
import type { KubeObject } from '../../../kube/objects.ts';
import { type Condition, typed } from '../../../kube/typed.ts';
import { byTime, type JudgeContext } from '../../facts/judge-context.ts';
import type { SignalRow } from '../../facts/verdict.ts';
import { type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';

export const routeRows: readonly SignalRow[] = [
  [
    'HTTPRoute: Accepted=False or ResolvedRefs=False',
    'service-mismatch',
    '60 s',
    'httproute/backend-missing',
  ],
];

/** A backend of the same release may come a moment later. */
const refusedMs = 60_000;
/** Without a gateway controller no status is ever written. */
const firstStatusMs = 8_000;
const wanted = ['Accepted', 'ResolvedRefs'];

interface Routed {
  readonly status?: {
    readonly parents?: readonly {
      readonly parentRef?: { readonly name?: string };
      readonly conditions?: readonly (Condition & { readonly observedGeneration?: number })[];
    }[];
  };
}

/** Ready when every gateway that it names has accepted it and resolved its backends. */
export function judgeRoute(live: KubeObject, context: JudgeContext): Verdict {
  const parents = typed<Routed>(live).status?.parents ?? [];
  const seen = context.memory.seen.get(live.metadata.uid ?? '') ?? context.now;
  const from = Math.max(context.writtenAt ?? 0, seen);
  if (parents.length === 0) {
    const isLate = context.writtenAt === undefined || context.isPast(from + firstStatusMs);
    return isLate
      ? verdictOf('ready', 'exists; no gateway has accepted it yet')
      : verdictOf('waiting', 'no gateway has accepted it yet');
  }
  const current = parents.flatMap(({ parentRef, conditions = [] }) =>
    conditions
      .filter(({ type }) => wanted.includes(type))
      .map((each) => ({ ...each, gateway: parentRef?.name ?? '' })),
  );
  const isOld = current.some(
    ({ observedGeneration }) => (observedGeneration ?? 0) < (live.metadata.generation ?? 0),
  );
  if (isOld) return verdictOf('waiting', 'not yet seen by its gateway');
  const bad = current.find(({ status }) => status === 'False');
  if (!bad) return verdictOf('ready', 'accepted');
  const rejected = findingOf(live, {
    code: 'service-mismatch',
    ...byTime(from + refusedMs, context),
    what: `its gateway ${plain(bad.gateway, 80)} cannot serve it`,
    evidence: [plain(`${bad.type}=False: ${bad.reason ?? ''}: ${bad.message ?? ''}`)],
    hint: 'Correct parentRefs or backendRefs, or apply what they name.',
  });
  return verdictOf('waiting', plain(`${bad.type}=False`, 60), { findings: [rejected] });
}
