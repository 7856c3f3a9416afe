// What doctor asks for is what the deployer's Role grants, and the lock's own rule says the same.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { deployNeeds } from '../../../src/commands/doctor/permissions.ts';
import { leaseVerbs } from '../../../src/lock/findings.ts';
import { releaseVerbs } from '../../../src/releases/release-store.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const path = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'manifests',
  'bootstrap',
  'base',
  'deployer.yaml',
);
const [role] = parseAllDocuments(readFileSync(path, 'utf8')).map(
  (each) => each.toJS() as { readonly rules: readonly Rule[] },
);
const granted = new Map(
  (role?.rules ?? []).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.map((resource) => [`${resource}.${group}`, verbs] as const),
    ),
  ),
);

describe("the deployer's Role", () => {
  test.each(deployNeeds.map((need) => [`${need.resource}.${need.group}`, need.verbs] as const))(
    'grants what doctor asks for, and no more: %s',
    (name, verbs) => {
      expect(granted.get(name)?.toSorted()).toEqual(verbs.toSorted());
    },
  );

  test('is wide enough for the lock and the releases', () => {
    expect(granted.get('leases.coordination.k8s.io')).toEqual(leaseVerbs);
    expect(granted.get('secrets.')).toEqual(expect.arrayContaining([...releaseVerbs]));
  });

  test('reads pods and their logs, and never enters them', () => {
    expect([...granted.keys()].filter((name) => name.startsWith('pods/'))).toEqual(['pods/log.']);
  });
});
