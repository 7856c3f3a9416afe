// References that Kubernetes itself never checks: TLS Secrets, classes, webhooks' Services.

import type { Code } from '../../core/codes.ts';
import { plain } from '../../core/plain-text.ts';
import { items, valueAt } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { JudgeContext } from '../facts/judge-context.ts';
import { proofKey } from '../facts/memory.ts';
import { answerWords } from '../facts/missing-config.ts';
import type { SignalRow } from '../facts/verdict.ts';
import { type LiveFinding, type Proof, type Verdict, verdictOf } from '../facts/verdict.ts';
import { findingOf } from './symptoms/diagnose.ts';

export const referenceRows: readonly SignalRow[] = [
  ['Ingress: no such TLS Secret', 'config-missing', 'never', 'ingress/tls-missing'],
  ['Gateway: no such TLS Secret', 'config-missing', 'never', 'gateway/tls-missing'],
  ['Ingress: no such IngressClass', 'address-pending', 'never', 'ingress/class-missing'],
  ['Gateway: no such GatewayClass', 'address-pending', 'never', 'gateway/class-missing'],
  [
    'ValidatingWebhookConfiguration: no such Service',
    'service-mismatch',
    'never',
    'validatingwebhookconfiguration/service-missing',
  ],
  [
    'MutatingWebhookConfiguration: no such Service',
    'service-mismatch',
    'never',
    'mutatingwebhookconfiguration/service-missing',
  ],
  [
    'webhook configuration: no ready endpoint behind its Service',
    'service-mismatch',
    'never',
    'validatingwebhookconfiguration/no-endpoint',
  ],
];

interface Reference {
  readonly proof: Proof;
  readonly code: Code;
  readonly what: string;
  readonly hint: string;
}

/** How long the answer of a read is awaited; nothing fails for lack of it. */
const answerMs = 5_000;
/** Endpoints follow their pods; these may be of the same release and start last. */
const endpointMs = 5_000;
const askAgainMs = 1_000;

/** The verdict, with a warning for each reference that a read shows missing. */
export function withReferences(judge: (live: KubeObject, context: JudgeContext) => Verdict) {
  return (live: KubeObject, context: JudgeContext): Verdict => {
    const verdict = judge(live, context);
    const answerTo = (proof: Proof) => context.memory.answers.get(proofKey(proof));
    const isMissing = (proof: Proof) => answerTo(proof)?.result === 'missing';
    // Without its Service there are no endpoints either.
    const all = referencesOf(live).filter(
      ({ proof }) => !isEndpoints(proof) || !isMissing({ ...proof, kind: 'Service' }),
    );
    const missing = all.filter(({ proof }) => isMissing(proof));
    const coming = missing.filter(({ proof }) => isEndpoints(proof) && mayCome(context));
    const isOver = (at: number) => context.isPast(at + askAgainMs);
    const open = [
      ...all.filter(({ proof }) => !answerTo(proof)),
      ...coming.filter(({ proof }) => isOver(answerTo(proof)?.at ?? 0)),
    ];
    const reported = missing.filter((each) => !coming.includes(each));
    const findings = [
      ...verdict.findings,
      ...reported.map((each) => warningOf(live, each, context)),
    ];
    const asks = open.map(({ proof }) => proof);
    const awaited = [...(isAwaited(context) ? open : []), ...coming];
    if (verdict.state !== 'ready' || awaited.length === 0) return { ...verdict, findings, asks };
    const names = [...new Set(awaited.map(({ proof: { kind, name } }) => `${kind}/${name}`))];
    const words = plain(`looks for ${names.join(', ')}`, 200);
    return { ...verdictOf('waiting', words, { findings }), asks };
  };
}

function isAwaited({ writtenAt, isPast }: JudgeContext): boolean {
  return writtenAt !== undefined && !isPast(writtenAt + answerMs);
}

const isEndpoints = ({ kind }: Proof): boolean => kind === 'EndpointSlice';

/** A workload of this release may still bring the endpoints: it has just made progress. */
function mayCome({ writtenAt, memory, isPast }: JudgeContext): boolean {
  if (writtenAt === undefined) return false;
  const last = Math.max(writtenAt, ...[...memory.progress.values()].map(({ at }) => at));
  return !isPast(last + endpointMs);
}

function warningOf(live: KubeObject, reference: Reference, context: JudgeContext): LiveFinding {
  const { proof, code, what, hint } = reference;
  return findingOf(live, {
    code,
    severity: 'warning',
    certain: false,
    what: plain(what, 200),
    evidence: isEndpoints(proof)
      ? ['none of the endpoints in its EndpointSlices is ready']
      : answerWords(proof, context),
    hint,
  });
}

/** TLS Secrets, classes and Services that an object names, each once. */
export function referencesOf(live: KubeObject): readonly Reference[] {
  const named = [
    ...classNamed(live),
    ...items(valueAt(live, ['spec', 'tls'])).flatMap((each) => secret(each, live)),
    ...items(valueAt(live, ['spec', 'listeners'])).flatMap((each) => certificates(each, live)),
    ...items(live['webhooks']).flatMap(service),
  ];
  const byKey = new Map(named.map((each) => [proofKey(each.proof), each]));
  return [...byKey.values()];
}

function textAt(value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : '';
}

/** Created by a controller, after the Ingress that asks for it. */
const issued = /^(cert-manager\.io\/|certmanager\.k8s\.io\/|kubernetes\.io\/tls-acme$)/;
/** A certificate of Yandex Certificate Manager, which is not a Secret. */
const managed = /^yc-certmgr-cert-id-/;

function secretNamed(name: string, namespace: string, live: KubeObject): readonly Reference[] {
  const isMade = Object.keys(live.metadata.annotations ?? {}).some((key) => issued.test(key));
  if (name === '' || isMade || managed.test(name)) return [];
  const what = `its TLS Secret ${name} does not exist`;
  const hint = 'Apply the Secret (type kubernetes.io/tls), or correct its name.';
  return [{ proof: { kind: 'Secret', namespace, name }, code: 'config-missing', what, hint }];
}

const classes = [
  ['IngressClass', 'ingressClassName'],
  ['GatewayClass', 'gatewayClassName'],
] as const;

function classNamed(live: KubeObject): readonly Reference[] {
  return classes.flatMap(([kind, field]) => {
    const name = textAt(live, 'spec', field);
    if (name === '') return [];
    const what = `its ${kind} ${name} does not exist, so no controller handles it`;
    const hint = `Correct spec.${field}, or install the controller that provides the class.`;
    return [{ proof: { kind, namespace: '', name }, code: 'address-pending', what, hint }];
  });
}

function secret(tls: unknown, live: KubeObject): readonly Reference[] {
  return secretNamed(textAt(tls, 'secretName'), live.metadata.namespace ?? '', live);
}

function certificates(listener: unknown, live: KubeObject): readonly Reference[] {
  return items(valueAt(listener, ['tls', 'certificateRefs'])).flatMap((each) => {
    const [kind, group] = [textAt(each, 'kind') || 'Secret', textAt(each, 'group')];
    if (kind !== 'Secret' || group !== '') return [];
    const namespace = textAt(each, 'namespace') || (live.metadata.namespace ?? '');
    return secretNamed(textAt(each, 'name'), namespace, live);
  });
}

function service(webhook: unknown): readonly Reference[] {
  const at = (field: string) => textAt(webhook, 'clientConfig', 'service', field);
  const [name, namespace] = [at('name'), at('namespace')];
  if (name === '') return [];
  const blocks = textAt(webhook, 'failurePolicy') !== 'Ignore';
  const harm = blocks ? ', so every write that it reviews is rejected' : '';
  const calls = `${textAt(webhook, 'name')} calls the Service ${namespace}/${name}`;
  return [
    {
      proof: { kind: 'Service', namespace, name },
      code: 'service-mismatch',
      what: `${calls}, which does not exist${harm}`,
      hint: 'Apply the Service first, or correct clientConfig.service.',
    },
    {
      proof: { kind: 'EndpointSlice', namespace, name },
      code: 'service-mismatch',
      what: `${calls}, which has no ready endpoint${harm}`,
      hint: `Look at its pods: kubectl -n ${namespace} get endpointslices,pods`,
    },
  ];
}
