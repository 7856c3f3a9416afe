// The phase of a rollout that an object belongs to: databases, then migrations, then everything else.

import { type Finding, finding } from '../core/errors.ts';
import { clip, oneLine } from '../core/text.ts';
import { type Document, placeOf, subjectOf } from '../kube/document.ts';
import { type KubeObject, nameOf } from '../kube/objects.ts';
import { stageOf } from './order.ts';

const phaseAnnotation = 'webgen-deploy/phase';

/** In order. Users may write `base`, `pre-deploy` and `post-deploy`. */
export const phases = ['preparation', 'base', 'pre-deploy', 'main', 'post-deploy'] as const;
export type Phase = (typeof phases)[number];

const written: readonly string[] = ['base', 'pre-deploy', 'post-deploy'];
const workloads = stageOf({ apiVersion: 'apps/v1', kind: 'Deployment' });

/**
 * What workloads need (namespaces, configuration, accounts, claims, Services) is prepared first,
 * whatever its annotation: kustomize's `commonAnnotations` annotates everything of a component.
 */
export function phaseOf(object: KubeObject): Phase {
  if (stageOf(object) < workloads) return 'preparation';
  const asked = object.metadata.annotations?.[phaseAnnotation];
  return phases.find((each) => each === asked && written.includes(each)) ?? 'main';
}

export interface PhasePart<T> {
  readonly phase: Phase;
  readonly items: readonly T[];
}

/** The phases in use, in order; `main` always. Empty if no object names one. */
export function inPhases<T extends { readonly object: KubeObject }>(
  items: readonly T[],
): readonly PhasePart<T>[] {
  const byPhase = Map.groupBy(items, ({ object }) => phaseOf(object));
  if (!written.some((each) => byPhase.has(each as Phase))) return [];
  return phases
    .map((phase) => ({ phase, items: byPhase.get(phase) ?? [] }))
    .filter(({ phase, items: own }) => phase === 'main' || own.length > 0);
}

/** `manifest-invalid` for every value that is not a phase. */
export function phaseFindings(documents: readonly Document[]): readonly Finding[] {
  return documents.flatMap((document) => {
    const asked = document.object.metadata.annotations?.[phaseAnnotation];
    if (asked === undefined || written.includes(asked)) return [];
    const subject = subjectOf(document.object);
    const value = clip(oneLine(String(asked)), 80);
    const what = `${subject.object} names an unknown phase: "${value}".`;
    return finding('manifest-invalid', what, {
      ...subject,
      ...placeOf(document, ['metadata', 'annotations', phaseAnnotation]),
      hint: 'Write base, pre-deploy or post-deploy; without the annotation it is the main phase.',
    });
  });
}

const named = 8;

/** `2. base: StatefulSet/db`: the phases as numbered lines. */
export function describePhases(
  parts: readonly PhasePart<{ readonly object: KubeObject }>[],
): readonly string[] {
  return parts.map(({ phase, items }, at) => {
    const names = items.slice(0, named).map(({ object }) => clip(oneLine(nameOf(object)), 120));
    const more = items.length > named ? ` and ${items.length - named} more` : '';
    return `${at + 1}. ${phase}: ${names.join(', ') || 'nothing'}${more}`;
  });
}
