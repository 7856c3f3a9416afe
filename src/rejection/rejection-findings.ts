// Why the API rejected an object: its Status becomes findings with file, line and hint.

import { type Status, statusOf } from '../cluster/api-errors.ts';
import type { Code } from '../core/codes.ts';
import { type Finding, finding } from '../core/errors.ts';
import { nameOf } from '../kube/objects.ts';
import { denialFinding } from './admission-errors.ts';
import { conflictFindings } from './conflicts.ts';
import { immutableFinding, isImmutable } from './immutable.ts';
import { invalidFinding, type Refused, whereIs, wordsOf } from './rejection.ts';

/** Every problem that the answer names; at least one. */
export function refusalFindings(refused: Refused): readonly [Finding, ...Finding[]] {
  const status = statusOf(refused.response) ?? {};
  const denied = denialFinding(refused, status);
  const [first, ...more] = [
    ...schemaFindings(refused, status),
    ...conflictFindings(refused, status),
    ...(denied ? [denied] : causeFindings(refused, status)),
  ];
  return first ? [first, ...more] : [otherFinding(refused, status)];
}

/** True if the object's own fields are wrong: it would be rejected in any namespace, at any time. */
export function isManifestsFault(code: Code): boolean {
  return code === 'field-unknown' || code === 'manifest-invalid';
}

// The server answers a wrong shape with 500 and no reason:
// https://github.com/kubernetes/kubernetes/issues/113482
const shape =
  /^(?:failed to create typed patch object|failed to convert new object|strict decoding)/;
const undeclared = 'field not declared in schema';

function schemaFindings(refused: Refused, { message = '' }: Status): readonly Finding[] {
  if (!shape.test(message)) return [];
  const strict = [...message.matchAll(/unknown field "([^"]+)"/g)].map(([, field = '']) => field);
  const problems = message
    .replace(/^.*?\): /, '')
    .split('\n')
    .map((line) => /^\s*\.(\S.*?): (.*)$/.exec(line))
    .flatMap((match) => (match ? [{ field: match[1] ?? '', said: match[2] ?? '' }] : []));
  const unknown = problems.filter(({ said }) => said === undeclared).map(({ field }) => field);
  const found = [
    ...[...strict, ...unknown].map((field) => unknownField(refused, field)),
    ...problems
      .filter(({ said }) => said !== undeclared)
      .map(({ field, said }) => invalidFinding(refused, field, said)),
  ];
  return found.length > 0 ? found : [invalidFinding(refused, '', message.replace(/^.*\): /s, ''))];
}

function unknownField(refused: Refused, field: string): Finding {
  const what = `${nameOf(refused.object)} has a field that the API does not know: ${field}.`;
  const evidence = [`unknown field "${field}"`];
  return finding('field-unknown', what, { ...whereIs(refused, field), evidence });
}

function causeFindings(refused: Refused, status: Status): readonly Finding[] {
  if (status.reason !== 'Invalid') return [];
  const causes = (status.details?.causes ?? []).map(({ field = '', message = '' }) => ({
    field: field.replace(/^(?:<nil>|\[\])$/, ''),
    message,
  }));
  if (causes.length === 0) {
    return [invalidFinding(refused, '', status.message ?? 'the API gives no reason')];
  }
  const fixed = causes.filter(({ message }) => refused.live && isImmutable(message));
  const wrong = causes.filter((each) => !fixed.includes(each) && !isFollowUp(each.message));
  return [
    ...(fixed.length > 0 ? [immutableFinding(refused, fixed)] : []),
    ...wrong.map(({ field, message }) => invalidFinding(refused, field, message)),
  ];
}

/** Custom kinds add a cause that only points to the other causes. */
function isFollowUp(message: string): boolean {
  return message.includes('some validation rules were not checked');
}

function otherFinding(refused: Refused, { message = '', reason = '' }: Status): Finding {
  const { response, object } = refused;
  const namespace = /^namespaces "([^"]+)" not found/.exec(message)?.[1];
  if (response.status === 404 && namespace) return namespaceMissing(refused, namespace);
  if ([400, 413, 422].includes(response.status)) {
    return invalidFinding(refused, '', message || 'it is too large');
  }
  const answer = reason ? `${response.status} ${reason}` : String(response.status);
  return finding('api-error', `The API answered ${answer} for ${nameOf(object)}.`, {
    ...whereIs(refused),
    evidence: message ? [wordsOf(object, message)] : [],
  });
}

function namespaceMissing(refused: Refused, namespace: string): Finding {
  return finding('manifest-invalid', `The namespace ${namespace} does not exist.`, {
    ...whereIs(refused, 'metadata.namespace'),
    object: `Namespace/${namespace}`,
    hint: 'Create it, add it to the manifests, or set create-namespace: true.',
  });
}
