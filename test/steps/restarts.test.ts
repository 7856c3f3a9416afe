import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/cluster/objects.ts';
import type { PlannedObject } from '../../src/cluster/planned-object.ts';
import { readConfigAnnotation } from '../../src/manifests/config-references.ts';
import { planRestarts, restartsOf, withRestart } from '../../src/steps/restarts.ts';

const configMap = (data: object, uid = 'u'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'app', namespace: 'shop', uid },
  data,
});

const secret = (resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'key', namespace: 'shop', uid: 'u', resourceVersion },
  data: { password: 'b25l' },
});

const web = (note?: string, annotations = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', annotations },
  spec: {
    template: {
      metadata: note === undefined ? {} : { annotations: { 'webgen-deploy/config': note } },
      spec: {
        containers: [
          {
            name: 'main',
            image: 'x',
            envFrom: [{ configMapRef: { name: 'app' } }, { secretRef: { name: 'key' } }],
          },
        ],
      },
    },
  },
});

const planned = (object: KubeObject, parts: Partial<PlannedObject> = {}): PlannedObject => ({
  document: { object, file: 'app.yaml', line: 1, lineOf: () => 1 },
  resource: { apiVersion: 'v1', kind: object.kind, plural: '', namespaced: true },
  object,
  live: object,
  predicted: object,
  change: 'unchanged',
  fields: [],
  write: false,
  force: false,
  autoscaled: false,
  restart: [],
  ...parts,
});

const changed = (field: string): Partial<PlannedObject> => ({
  change: 'configured',
  fields: [field],
});
const reasons = (...objects: readonly PlannedObject[]) =>
  restartsOf(planRestarts(objects, true)).flatMap(({ because }) => because);

describe('what rolls a workload', () => {
  test.each([
    ['changed data', planned(configMap({}), changed('data.a')), ['ConfigMap/app']],
    ['changed data of a Secret', planned(secret('1'), changed('data.a')), ['Secret/key']],
    ['a replaced one', planned(configMap({}), { change: 'recreated' }), ['ConfigMap/app']],
    ['one that pods did without', planned(configMap({}), { change: 'created' }), ['ConfigMap/app']],
    ['a changed label', planned(configMap({}), changed('metadata.labels.a')), []],
    ['no change', planned(configMap({})), []],
  ])('%s', (_, config, expected) => {
    expect(reasons(config, planned(web()))).toEqual(expected);
  });

  test('not a new workload, not one that asks not to, not against the input', () => {
    const config = planned(configMap({}), changed('data.a'));
    expect(reasons(config, planned(web(), { live: undefined, change: 'created' }))).toEqual([]);
    const calm = web(undefined, { 'webgen-deploy/restart-on-config': 'false' });
    expect(reasons(config, planned(calm))).toEqual([]);
    expect(restartsOf(planRestarts([config, planned(web())], false))).toEqual([]);
  });

  test('not the change of a namesake in another namespace', () => {
    const other = configMap({});
    const elsewhere = { ...other, metadata: { ...other.metadata, namespace: 'other' } };
    expect(reasons(planned(elsewhere, changed('data.a')), planned(web()))).toEqual([]);
  });

  test('it is a change of the workload, at the annotation', () => {
    const [, workload] = planRestarts(
      [planned(configMap({}), changed('data.a')), planned(web())],
      true,
    );
    expect(workload).toMatchObject({
      change: 'configured',
      write: true,
      fields: ['spec.template.metadata.annotations.webgen-deploy/config'],
    });
  });
});

describe('the annotation', () => {
  const note = (
    live: KubeObject,
    restart: readonly string[],
    ...configs: readonly KubeObject[]
  ) => {
    const applied = configs.map((object) => ({ object }));
    const { object } = withRestart(planned(live, { live, restart }), applied);
    return readConfigAnnotation(object);
  };

  test('has a digest for each; a Secret’s follows its version, never its content', () => {
    const first = note(web(), ['ConfigMap/app'], configMap({ a: '1' }), secret('1'));
    expect(first).toMatch(/^ConfigMap\/app=[0-9a-f]{12},Secret\/key=[0-9a-f]{12}$/);
    const content = { ...secret('1'), data: { password: 'dHdv' } };
    expect(note(web(), ['Secret/key'], configMap({ a: '1' }), content)).toBe(first);
    expect(note(web(), ['Secret/key'], configMap({ a: '1' }), secret('2'))).not.toBe(first);
  });

  test('keeps what did not change, whatever its version is by now', () => {
    const first = note(web(), ['ConfigMap/app'], configMap({ a: '1' }), secret('1'));
    const second = note(web(first), ['ConfigMap/app'], configMap({ a: '2' }), secret('9'));
    expect(second?.split(',')[1]).toBe(first?.split(',')[1]);
    expect(second?.split(',')[0]).not.toBe(first?.split(',')[0]);
  });

  test('betrays a run that ended between the ConfigMap and the workload', () => {
    const first = note(web(), ['ConfigMap/app'], configMap({ a: '1' }), secret('1'));
    const there = planned(configMap({ a: '2' }));
    expect(reasons(there, planned(web(first)))).toEqual(['ConfigMap/app']);
    expect(reasons(planned(configMap({ a: '1' })), planned(web(first)))).toEqual([]);
  });
});
