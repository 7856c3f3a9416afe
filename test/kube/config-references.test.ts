import { describe, expect, test } from '@jest/globals';
import {
  configReferences,
  readChange,
  readConfigAnnotation,
  restartsOnConfig,
  withChange,
  withConfigAnnotation,
} from '../../src/kube/config-references.ts';
import { podTemplatePath } from '../../src/kube/pod-template.ts';
import { documentOf } from '../support/manifests/documents.ts';

const podSpec = `
      imagePullSecrets: [{name: pull}]
      initContainers:
      - name: init
        envFrom: [{configMapRef: {name: b}}, {secretRef: {name: b}}]
      containers:
      - name: app
        env:
        - {name: A, valueFrom: {configMapKeyRef: {name: a, key: k}}}
        - {name: B, valueFrom: {secretKeyRef: {name: a, key: k}}}
        - {name: C, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: D, value: x}
        envFrom: [{configMapRef: {name: a}}]
      volumes:
      - {name: v, configMap: {name: c}}
      - {name: w, secret: {secretName: c}}
      - {name: x, emptyDir: {}}
      - name: y
        projected:
          sources: [{configMap: {name: d}}, {secret: {name: d}}, {serviceAccountToken: {path: t}}]
`;
const deployment = (annotation = '') =>
  documentOf(
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web${annotation}}\nspec:\n  template:\n    spec:${podSpec}`,
  ).object;

test('references of env, envFrom and volumes, once each; never pull secrets', () => {
  expect(configReferences(deployment()).map(({ kind, name }) => `${kind}/${name}`)).toEqual([
    'ConfigMap/a',
    'ConfigMap/b',
    'ConfigMap/c',
    'ConfigMap/d',
    'Secret/a',
    'Secret/b',
    'Secret/c',
    'Secret/d',
  ]);
});

test('broken pod specs have no references', () => {
  const texts = [
    '{}',
    '{spec: 1}',
    '{spec: {containers: {a: b}, volumes: x}}',
    '{spec: {containers: [1]}}',
  ];
  for (const text of texts) {
    const { object } = documentOf(
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: ${text}}`,
    );
    expect(configReferences(object)).toEqual([]);
  }
});

test('who restarts', () => {
  expect(restartsOnConfig(deployment())).toBe(true);
  expect(
    restartsOnConfig(deployment(', annotations: {webgen-deploy/restart-on-config: "false"}')),
  ).toBe(false);
  expect(restartsOnConfig({ ...deployment(), apiVersion: 'batch/v1', kind: 'Job' })).toBe(false);
});

test('where pod templates are', () => {
  const at = (text: string) => podTemplatePath(documentOf(text).object);
  const head = (apiVersion: string, kind: string) =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\n`;
  expect(at(`${head('v1', 'Pod')}spec: {}`)).toEqual([]);
  expect(at(`${head('apps/v1', 'StatefulSet')}spec: {template: {}}`)).toEqual(['spec', 'template']);
  expect(at(`${head('batch/v1', 'CronJob')}spec: {jobTemplate: {spec: {template: {}}}}`)).toEqual([
    'spec',
    'jobTemplate',
    'spec',
    'template',
  ]);
  expect(
    at(`${head('argoproj.io/v1', 'Rollout')}spec: {template: {spec: {containers: []}}}`),
  ).toEqual(['spec', 'template']);
  expect(at(`${head('example.org/v1', 'Thing')}spec: {template: {spec: {}}}`)).toBeUndefined();
  expect(at(`${head('v1', 'ConfigMap')}data: {}`)).toBeUndefined();
});

describe('the annotation', () => {
  test('stands in the pod template only', () => {
    const before = deployment();
    const after = withConfigAnnotation(before, 'x');
    expect(readConfigAnnotation(before)).toBeUndefined();
    expect(readConfigAnnotation(after)).toBe('x');
    expect(after.metadata).toEqual(before.metadata);
    const pod = documentOf('apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}').object;
    expect(withConfigAnnotation(pod, 'x')).toBe(pod);
  });
});

test('the last change of a ConfigMap or Secret is named for each app', () => {
  const map = documentOf('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}').object;
  const changed = withChange(withChange(map, 'shop', 'one'), 'blog', 'two');
  expect(readChange(map, 'shop')).toBeUndefined();
  expect(readChange(changed, 'shop')).toBe('one');
  expect(Object.keys(changed.metadata.annotations ?? {})).toEqual([
    'shop.webgen-deploy/config',
    'blog.webgen-deploy/config',
  ]);
});
