import { describe, expect, test } from '@jest/globals';
import {
  planRestarts,
  previewedRestarts,
  restartsOf,
} from '../../../src/apply/dry-run/restarts.ts';
import type { PlannedObject } from '../../../src/apply/planned/planned-object.ts';
import { readChange, readConfigAnnotation } from '../../../src/kube/config-references.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';

const on = { app: 'shop', restartOnConfig: true };

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
  restartsOf(planRestarts(objects, on)).flatMap(({ because }) => because);

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
    expect(
      restartsOf(planRestarts([config, planned(web())], { ...on, restartOnConfig: false })),
    ).toEqual([]);
  });

  test('not the change of a namesake in another namespace', () => {
    const other = configMap({});
    const elsewhere = { ...other, metadata: { ...other.metadata, namespace: 'other' } };
    expect(reasons(planned(elsewhere, changed('data.a')), planned(web()))).toEqual([]);
  });

  test('it is a change of the workload, at the annotation', () => {
    const [, workload] = planRestarts(
      [planned(configMap({}), changed('data.a')), planned(web())],
      on,
    );
    expect(workload).toMatchObject({
      change: 'configured',
      write: true,
      fields: ['spec.template.metadata.annotations.webgen-deploy/config'],
    });
  });
});

describe('the annotation', () => {
  const changedMap = planned(configMap({}), changed('data.a'));
  const changedSecret = (version: string) => planned(secret(version), changed('data.a'));
  /** What a run writes: the configuration, then the workload. */
  const write = (...objects: readonly PlannedObject[]) =>
    planRestarts(objects, on).map(({ object }) => object);
  const noteOf = (object: KubeObject | undefined) => object && readConfigAnnotation(object);

  test('names each change by the version before it, never by the content', () => {
    const note = noteOf(write(changedMap, changedSecret('1'), planned(web())).at(-1));
    expect(note).toMatch(/^ConfigMap\/app=[0-9a-f]{12},Secret\/key=[0-9a-f]{12}$/);
    const content = { ...secret('1'), data: { password: 'dHdv' } };
    const other = planned(content, changed('data.a'));
    expect(noteOf(write(changedMap, other, planned(web())).at(-1))).toBe(note);
    expect(noteOf(write(changedMap, changedSecret('2'), planned(web())).at(-1))).not.toBe(note);
  });

  test('keeps what did not change, whatever its version is by now', () => {
    const [, key, first] = write(changedMap, changedSecret('1'), planned(web()));
    const there = { ...secret('9'), metadata: { ...key?.metadata, name: 'key', uid: 'u' } };
    const again = planned(configMap({}, 'other'), changed('data.a'));
    const second = write(again, planned(there), planned(web(noteOf(first)))).at(-1);
    expect(noteOf(second)?.split(',')[1]).toBe(noteOf(first)?.split(',')[1]);
    expect(noteOf(second)?.split(',')[0]).not.toBe(noteOf(first)?.split(',')[0]);
  });

  test('is in a new workload from the start, so that its second deploy rolls nothing', () => {
    const [map] = write(changedMap, planned(web()));
    const anew = planned(web(), { live: undefined, change: 'created', write: true });
    const [, first] = write(planned(map as KubeObject), anew);
    expect(noteOf(first)).toMatch(/^ConfigMap\/app=/);
    const second = [planned(map as KubeObject), planned(web(noteOf(first)))];
    expect(reasons(...second)).toEqual([]);
  });

  test('comes for free with what a workload reads for the first time', () => {
    const [map] = write(changedMap, planned(web()));
    const before: KubeObject = { ...web(), spec: { template: { spec: { containers: [] } } } };
    const more = planned(web(), { live: before, ...changed('spec'), write: true });
    const run = planRestarts([planned(map as KubeObject), more], on);
    expect(restartsOf(run)).toEqual([]);
    expect(noteOf(run[1]?.object)).toMatch(/^ConfigMap\/app=/);
  });
});

describe('a run that ended between the configuration and the workload', () => {
  const interrupted = (config: PlannedObject) => {
    const [written] = planRestarts([config, planned(web())], on);
    return written?.object as KubeObject;
  };
  test.each([
    ['a ConfigMap', planned(configMap({}), changed('data.a')), 'ConfigMap/app'],
    ['a Secret', planned(secret('1'), changed('data.password')), 'Secret/key'],
    ['one that pods did without', planned(secret('1'), { change: 'created' }), 'Secret/key'],
    ['a replaced one', planned(configMap({}), { change: 'recreated' }), 'ConfigMap/app'],
  ])('%s: the next run rolls it, and the one after does not', (_, config, name) => {
    const there = planned(interrupted(config));
    const next = planRestarts([there, planned(web())], on);
    expect(restartsOf(next).flatMap(({ because }) => because)).toEqual([name]);
    expect(reasons(there, planned(next[1]?.object as KubeObject))).toEqual([]);
  });

  test('a label that somebody puts on the Secret meanwhile rolls nothing', () => {
    const written = interrupted(planned(secret('1'), changed('data.password')));
    const [, rolled] = planRestarts([planned(written), planned(web())], on);
    const metadata = { ...written.metadata, resourceVersion: '7', labels: { by: 'somebody' } };
    const there = planned({ ...written, metadata });
    expect(reasons(there, planned(rolled?.object as KubeObject))).toEqual([]);
  });

  test('nothing is named where no running pod reads it', () => {
    const fresh = planned(web(), { live: undefined, change: 'created', write: true });
    const [map] = planRestarts([planned(configMap({}), changed('data.a')), fresh], on);
    expect(map && readChange(map.object, 'shop')).toBeUndefined();
  });

  test('in a preview a changed pod template restarts too, other changes do not', () => {
    const template = changed('spec.template.spec.containers[name="main"].image');
    const previewed = (parts: Partial<PlannedObject>) =>
      previewedRestarts([planned(web(), parts)]).map(({ because }) => because);
    expect(previewed(template)).toEqual([['its pod template']]);
    expect(previewed({ ...template, restart: ['ConfigMap/app'] })).toEqual([['ConfigMap/app']]);
    expect(previewed(changed('spec.replicas'))).toEqual([]);
    expect(previewed({ ...template, change: 'created', live: undefined })).toEqual([]);
  });
});
