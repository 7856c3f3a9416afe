// A missing Secret, ConfigMap or key: parsed from the kubelet's message, proved by a read.

import { plain } from '../../core/plain-text.ts';
import { byTime, type JudgeContext } from './judge-context.ts';
import { proofKey } from './memory.ts';
import { choices } from './nearest.ts';
import type { Diagnosis, Proof } from './verdict.ts';

/** Without permission to read it, the same reason for this long counts as proof. */
const unreadableMs = 30_000;

const kinds = { secret: 'Secret', configmap: 'ConfigMap' } as const;
const kindOf = (word: string): Proof['kind'] | undefined =>
  kinds[word.toLowerCase() as keyof typeof kinds];

/** What the kubelet says is missing: `secret "db" not found`, `couldn't find key a in Secret n/b`. */
export function missingIn(message: string, namespace: string): Proof | undefined {
  const whole = /\b(secrets?|configmaps?) "([^"]{1,253})" not found/i.exec(message);
  if (whole) {
    const [, word = '', name = ''] = whole;
    const kind = kindOf(word.replace(/s$/i, ''));
    return kind && { kind, namespace, name };
  }
  const part = /find key (\S+) in (Secret|ConfigMap) ([^/\s]+)\/([^\s:,]+)/i.exec(message);
  if (!part) return undefined;
  const [, key = '', word = '', , name = ''] = part;
  const kind = kindOf(word);
  return kind && { kind, namespace, name, key };
}

export function proofWords(proof: Proof): string {
  const object = `${proof.kind}/${proof.name}`;
  return proof.key === undefined ? object : `the key ${proof.key} of ${object}`;
}

interface Waited {
  readonly from: number;
  /** How long the reason must stand before a read can prove it. */
  readonly ms: number;
}

/** Certain once a read, made late enough, still shows that it is missing. */
export function provedMissing(
  proof: Proof,
  { from, ms }: Waited,
  context: JudgeContext,
): Pick<Diagnosis, 'certain' | 'fatalAt'> {
  const answer = context.memory.answers.get(proofKey(proof));
  const readAt = from + (context.patience === 'strict' ? 0 : ms);
  if (answer?.result === 'trusted') return { certain: true };
  if (!answer || answer.at < readAt) return { certain: false, fatalAt: readAt };
  if (answer.result === 'missing') return { certain: true };
  if (answer.result === 'forbidden') return byTime(from + unreadableMs, context);
  return { certain: false, fatalAt: answer.at + ms };
}

/** The result of the read, as evidence. */
export function answerWords(proof: Proof, context: JudgeContext): readonly string[] {
  const answer = context.memory.answers.get(proofKey(proof));
  if (answer?.result === 'forbidden') {
    return ['this account may not read it, so the kubelet is taken at its word'];
  }
  if (answer?.result !== 'missing') return [];
  const { keys = [], names = [] } = answer;
  const place = proof.namespace === '' ? 'in the cluster' : 'in the namespace';
  return [
    'a read shows it missing',
    ...(keys.length ? [plain(`keys it has: ${choices(proof.key ?? '', keys)}`)] : []),
    ...(names.length ? [plain(`${proof.kind}s ${place}: ${choices(proof.name, names)}`)] : []),
  ];
}
