// Objects that break their kind's schema: custom kinds and aggregated servers may hold anything.

import { type Finding, finding } from '../../core/errors.ts';
import { clip, oneLine } from '../../core/text.ts';
import { type KubeObject, nameOf } from '../../kube/objects.ts';
import type { LiveFinding, Verdict } from '../facts/verdict.ts';

/**
 * The judges trust that the API server has validated what they read; a field of an unexpected type
 * makes them throw. Returns a warning that names the object; rethrows any other error.
 */
export function oddityOf(error: unknown, object: KubeObject): Finding {
  if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  const name = clip(oneLine(nameOf(object)), 300);
  const namespace: unknown = object.metadata.namespace;
  const what = `${name}, or what it owns, has a field whose type its kind does not allow.`;
  return finding('api-error', what, {
    severity: 'warning',
    object: name,
    ...(typeof namespace === 'string' ? { namespace } : {}),
    hint: 'It cannot be judged. Look at it with kubectl get -o yaml, and at the controller that writes it.',
  });
}

/** Returns the verdict; throws TypeError where a field of another type has ended up as text. */
export function checkedTexts(verdict: Verdict): Verdict {
  const texts = [verdict.words, ...verdict.findings.flatMap(textsOf)];
  if (texts.every((text) => text === undefined || typeof text === 'string')) return verdict;
  throw new TypeError('a text of the verdict is not a string');
}

function textsOf(each: LiveFinding): readonly unknown[] {
  const { what, hint, evidence, object, namespace, pod, container, node } = each;
  return [what, hint, ...evidence, object, namespace, pod, container, node];
}
