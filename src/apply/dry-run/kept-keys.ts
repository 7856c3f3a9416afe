// A key that the `secrets` input no longer names stays in the live Secret: a forgotten line must not delete it.
import { type Finding, finding } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { type Document, subjectOf } from '../../kube/document.ts';
import { hasField, unionOf } from '../../kube/field-set.ts';
import { fieldsAt, isFields } from '../../kube/json.ts';
import { appliedSet, clientSideSet, othersSet } from '../../kube/managed-fields.ts';
import type { KubeObject } from '../../kube/objects.ts';

export interface KeptKeys {
  readonly document: Document;
  /** `secret-key-kept`, once per Secret. */
  readonly findings: readonly Finding[];
}

/**
 * A Secret with lines of the input keeps those live keys that would be removed only because this apply no
 * longer names them: owned by us alone, or taken over from client-side apply. Other managers' keys stay anyway.
 */
export function keepKeys(
  document: Document,
  live: KubeObject | undefined,
  manager: string,
): KeptKeys {
  if (!document.fromInput || !live) return { document, findings: [] };
  const named = isFields(document.object['data']) ? document.object['data'] : {};
  const owned = unionOf(appliedSet(live, manager) ?? {}, clientSideSet(live));
  const others = othersSet(live, manager);
  const kept = Object.entries(fieldsAt(live, 'data')).filter(([key]) => {
    const steps = ['f:data', `f:${key}`];
    return !Object.hasOwn(named, key) && hasField(owned, steps) && !hasField(others, steps);
  });
  if (kept.length === 0) return { document, findings: [] };
  const back = Object.fromEntries(kept.map(([key, text]) => [key, new Secret(String(text))]));
  const object: KubeObject = { ...document.object, data: { ...back, ...named } };
  return { document: { ...document, object }, findings: [keptFinding(object, Object.keys(back))] };
}

function keptFinding(object: KubeObject, keys: readonly string[]): Finding {
  const subject = subjectOf(object);
  const [their, it] = keys.length === 1 ? ['key', 'it'] : ['keys', 'them'];
  const what = `${subject.object} keeps the ${their} ${keys.join(', ')}, which \`secrets\` no longer names.`;
  const away = keys.map((key) => ({ op: 'remove', path: `/data/${key}` }));
  const where = subject.namespace === undefined ? '' : ` --namespace ${subject.namespace}`;
  const { name } = object.metadata;
  const patch = `kubectl${where} patch secret ${name} --type json --patch '${JSON.stringify(away)}'`;
  const hint = `If nothing needs ${it}: ${patch}. Otherwise put the line back.`;
  return finding('secret-key-kept', what, { severity: 'warning', ...subject, hint });
}
