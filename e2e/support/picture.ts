// A namespace as somebody could see it, object by object, so that two moments can be compared.
import { expect } from '@jest/globals';
import { differences } from '../../src/kube/compare.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import type { TestCluster } from './cluster/cluster.ts';

const kinds =
  'cm,secret,svc,sa,pvc,deploy,sts,ds,job,cronjob,hpa,ingress,netpol,pdb,role,rolebinding';

/** Every object of the namespace as somebody could see it, without what only the server counts. */
export async function pictureOf(
  cluster: Pick<TestCluster, 'kubectl'>,
  namespace: string,
): Promise<ReadonlyMap<string, KubeObject>> {
  const args = ['-n', namespace, 'get', kinds, '-o', 'json', '--show-managed-fields'];
  const { items } = JSON.parse(await cluster.kubectl(args)) as { items: KubeObject[] };
  // What the run itself records is its own.
  const objects = items.filter(({ metadata }) => !metadata.name.startsWith('webgen-deploy.'));
  return new Map(objects.map((each) => [`${each.kind}/${each.metadata.name}`, each]));
}

/** Entries without times; a controller's status is its own. */
const owners = (object: KubeObject) =>
  (object.metadata.managedFields ?? [])
    .filter((each) => each.subresource !== 'status')
    .map(({ time: _, ...entry }) => JSON.stringify(entry))
    .toSorted();

const annotations = ({ metadata }: KubeObject) => {
  const { 'deployment.kubernetes.io/revision': _, ...rest } = metadata.annotations ?? {};
  return rest;
};

/** Values, owners, notes and uids are the same; nothing is missing, nothing new. */
export function expectSame(
  before: ReadonlyMap<string, KubeObject>,
  after: ReadonlyMap<string, KubeObject>,
  except: readonly string[] = [],
): void {
  const names = (all: ReadonlyMap<string, KubeObject>) =>
    [...all.keys()].filter((name) => !except.includes(name)).toSorted();
  expect(names(after)).toEqual(names(before));
  for (const name of names(before)) {
    const [old, young] = [before.get(name), after.get(name)];
    if (!old || !young) throw new Error(name);
    expect({ name, fields: differences(old, young) }).toEqual({ name, fields: [] });
    expect({ name, owners: owners(young) }).toEqual({ name, owners: owners(old) });
    expect({ name, notes: annotations(young) }).toEqual({ name, notes: annotations(old) });
    expect({ name, uid: young.metadata.uid }).toEqual({ name, uid: old.metadata.uid });
  }
}
