// What the run itself makes or changes, to be looked up by kind, namespace and name.

import type { PlannedObject } from '../apply/planned/planned-object.ts';
import type { Document } from '../kube/document.ts';
import { type KubeObject, kindKey } from '../kube/objects.ts';
import { type Phase, phaseOf } from '../manifests/phases.ts';

export interface RunObject {
  /** As the server will have it; as written, where the dry run refused it or could not check it. */
  readonly object: KubeObject;
  readonly document: Document;
  readonly phase: Phase;
  /** Absent: the dry run refused it. */
  readonly planned?: PlannedObject;
  /** False: it is live already, just as it will be after the run. */
  readonly changes: boolean;
}

export interface RunObjects {
  readonly all: readonly RunObject[];
  /** `kind` as `kindKey` writes it; the namespace of a cluster-wide kind is left out. */
  find(kind: string, namespace: string | undefined, name: string): RunObject | undefined;
}

/** Documents that are not in `planned` count too: they would be made by a run that is not refused. */
export function runObjects(
  planned: readonly PlannedObject[],
  documents: readonly Document[],
  namespace: string | undefined,
): RunObjects {
  const done = planned.map((each): RunObject => {
    const { predicted: object, document, change } = each;
    return {
      object,
      document,
      phase: phaseOf(object),
      planned: each,
      changes: change !== 'unchanged',
    };
  });
  const keys = new Set(done.map(({ object }) => keyOf(object)));
  const rest = documents
    .map((document): RunObject => {
      const object = placed(document.object, namespace);
      return { object, document, phase: phaseOf(object), changes: true };
    })
    // Nothing says yet whether their kind has a namespace: both are looked for.
    .filter(({ object }) => !keys.has(keyOf(object)) && !keys.has(keyOf(unplaced(object))));
  const all = [...done, ...rest];
  const byKey = new Map(all.map((each) => [keyOf(each.object), each]));
  return {
    all,
    find(kind, at, name) {
      return byKey.get([kind, at ?? '', name].join('\n'));
    },
  };
}

function keyOf(object: KubeObject): string {
  return [kindKey(object), object.metadata.namespace ?? '', object.metadata.name].join('\n');
}

function placed(object: KubeObject, namespace: string | undefined): KubeObject {
  if (namespace === undefined || object.metadata.namespace !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function unplaced(object: KubeObject): KubeObject {
  const { namespace: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
