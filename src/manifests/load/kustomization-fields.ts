// Which fields of a kustomization name other files, and what those files are for.
import type { Path } from '../../kube/document.ts';
import { isFields, valueAt } from '../../kube/json.ts';
import { pluginLists, referenceLists } from './kustomization-rules.ts';

export interface KustomizationReference {
  readonly text: string;
  readonly path: Path;
  readonly as: 'resource' | 'patch' | 'plugin' | 'other';
}

/** Every value that is, or could be, the path of a file or folder. */
export function referencesOf(kustomization: unknown): readonly KustomizationReference[] {
  const lists = referenceLists.flatMap((list) => textsIn(kustomization, [list], roleOf(list)));
  return [
    ...lists,
    ...textsIn(kustomization, ['patchesStrategicMerge'], 'patch'),
    ...pathsIn(kustomization, 'patches', 'patch'),
    // A list of JSON patch operations is not an object, so no object comes from it.
    ...pathsIn(kustomization, 'patchesJson6902', 'other'),
    ...pathsIn(kustomization, 'replacements', 'other'),
  ];
}

function roleOf(list: (typeof referenceLists)[number]): KustomizationReference['as'] {
  if (pluginLists.some((each) => each === list)) return 'plugin';
  return list === 'crds' || list === 'configurations' ? 'other' : 'resource';
}

function textsIn(value: unknown, path: Path, as: KustomizationReference['as']) {
  const list = valueAt(value, path);
  if (!Array.isArray(list)) return [];
  return list.flatMap((text: unknown, index) =>
    typeof text === 'string' ? [{ text, path: [...path, index], as }] : [],
  );
}

function pathsIn(value: unknown, list: string, as: KustomizationReference['as']) {
  const items = valueAt(value, [list]);
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown, index) => {
    const text = isFields(item) ? item['path'] : undefined;
    return typeof text === 'string' ? [{ text, path: [list, index, 'path'], as }] : [];
  });
}
