// A recorded rollout as somebody would have saved it at its end: kubectl get … -o yaml.
import { stringify } from 'yaml';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { recording, steps } from './recording.ts';

/** Every object as it last was; `at` limits it to what had happened after so many milliseconds. */
export function lastState(name: string, at = Infinity): readonly KubeObject[] {
  const live = new Map<string, KubeObject>();
  for (const step of steps(recording(name))) {
    if (step.at > at) break;
    const uid = step.object.metadata.uid ?? '';
    if (step.gone) live.delete(uid);
    else live.set(uid, step.object);
  }
  return [...live.values()];
}

/** `kind: List`, as kubectl prints it. */
export function saved(objects: readonly KubeObject[], as: 'yaml' | 'json' = 'yaml'): string {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  return as === 'json'
    ? JSON.stringify(list)
    : stringify(list, { aliasDuplicateObjects: false, version: '1.1' });
}
