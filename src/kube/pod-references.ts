// What a pod needs from its namespace before it can start: Secrets, ConfigMaps, their keys, and claims.

import type { Path } from './document.ts';
import { isFields, items, valueAt } from './json.ts';

export interface PodReference {
  readonly kind: 'Secret' | 'ConfigMap' | 'PersistentVolumeClaim';
  readonly name: string;
  /** Absent: the object as a whole. */
  readonly key?: string;
  /** The pod starts without it. */
  readonly optional: boolean;
  /** Where the name stands, or the key, below the pod's spec. */
  readonly path: Path;
  /** Absent for a volume. */
  readonly container?: string;
}

/**
 * By env, envFrom and volumes, projected ones too, of init containers as well; in the order of the spec.
 * Pull secrets are not among them: a pod without them may still start.
 */
export function podReferences(spec: unknown): readonly PodReference[] {
  if (!isFields(spec)) return [];
  const containers = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    items(spec[list]).flatMap((each, at) => ofContainer(each, [list, at])),
  );
  const volumes = items(spec['volumes']).flatMap((each, at) => ofVolume(each, ['volumes', at]));
  return [...containers, ...volumes];
}

interface Source {
  readonly value: unknown;
  readonly path: Path;
}

/** A reference by `field` (`name`, in a volume `secretName`), with a key where one is named. */
function reference(
  kind: PodReference['kind'],
  { value, path }: Source,
  {
    field = 'name',
    optional = false,
  }: { readonly field?: string; readonly optional?: boolean } = {},
): readonly PodReference[] {
  const name = valueAt(value, [field]);
  if (typeof name !== 'string' || name === '') return [];
  const whole = { kind, name, optional: optional || valueAt(value, ['optional']) === true };
  const key = valueAt(value, ['key']);
  const keys = items(valueAt(value, ['items'])).flatMap((item, at) => {
    const own = valueAt(item, ['key']);
    return typeof own === 'string'
      ? [{ ...whole, key: own, path: [...path, 'items', at, 'key'] }]
      : [];
  });
  if (typeof key === 'string') return [{ ...whole, key, path: [...path, 'key'] }];
  return [{ ...whole, path: [...path, field] }, ...keys];
}

function at(value: unknown, path: Path, ...more: Path): Source {
  return { value: valueAt(value, more), path: [...path, ...more] };
}

function ofContainer(container: unknown, path: Path): readonly PodReference[] {
  const name = valueAt(container, ['name']);
  const env = items(valueAt(container, ['env'])).flatMap((each, index) => {
    const own = [...path, 'env', index];
    return [
      ...reference('ConfigMap', at(each, own, 'valueFrom', 'configMapKeyRef')),
      ...reference('Secret', at(each, own, 'valueFrom', 'secretKeyRef')),
    ];
  });
  const from = items(valueAt(container, ['envFrom'])).flatMap((each, index) => {
    const own = [...path, 'envFrom', index];
    return [
      ...reference('ConfigMap', at(each, own, 'configMapRef')),
      ...reference('Secret', at(each, own, 'secretRef')),
    ];
  });
  const found = [...env, ...from];
  return typeof name === 'string' ? found.map((each) => ({ ...each, container: name })) : found;
}

function ofVolume(volume: unknown, path: Path): readonly PodReference[] {
  const projected = items(valueAt(volume, ['projected', 'sources'])).flatMap((source, index) => {
    const own = [...path, 'projected', 'sources', index];
    return [
      ...reference('ConfigMap', at(source, own, 'configMap')),
      ...reference('Secret', at(source, own, 'secret')),
    ];
  });
  return [
    ...reference('ConfigMap', at(volume, path, 'configMap')),
    // A volume has `secretName`, a projected source has `name`.
    ...reference('Secret', at(volume, path, 'secret'), { field: 'secretName' }),
    ...reference('PersistentVolumeClaim', at(volume, path, 'persistentVolumeClaim'), {
      field: 'claimName',
    }),
    ...projected,
  ];
}
