import { describe, expect, test } from '@jest/globals';
import { containerImages } from '../../src/images/containers.ts';
import { invalidImages, setImages, unmatchedImages } from '../../src/images/set-images.ts';
import { documentOf } from '../support/manifests/documents.ts';

const pod = '{containers: [{name: a, image: "localhost:5000/team/app:1"}]}';
const object = (head: string, rest: string) => {
  const [apiVersion, kind] = head.split(' ');
  return documentOf(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\n${rest}`)
    .object;
};

describe('every place where an image can be', () => {
  test.each([
    ['v1 Pod', `spec: ${pod}`],
    ['apps/v1 Deployment', `spec: {template: {spec: ${pod}}}`],
    ['apps/v1 StatefulSet', `spec: {template: {spec: ${pod}}}`],
    ['apps/v1 DaemonSet', `spec: {template: {spec: ${pod}}}`],
    ['apps/v1 ReplicaSet', `spec: {template: {spec: ${pod}}}`],
    ['v1 ReplicationController', `spec: {template: {spec: ${pod}}}`],
    ['v1 PodTemplate', `template: {spec: ${pod}}`],
    ['batch/v1 Job', `spec: {template: {spec: ${pod}}}`],
    ['batch/v1 CronJob', `spec: {jobTemplate: {spec: {template: {spec: ${pod}}}}}`],
    ['argoproj.io/v1 Rollout', `spec: {template: {spec: ${pod}}}`],
    ['example.org/v1 Two', `spec: {web: {podTemplate: ${pod}}}`],
    ['v1 Pod', `spec: ${pod.replace('containers', 'initContainers')}`],
    ['v1 Pod', `spec: ${pod.replace('containers', 'ephemeralContainers')}`],
  ])('%s %s', (head, rest) => {
    const { objects, matched, repositories } = setImages([object(head, rest)], { app: 'new:2' });
    expect(containerImages(objects[0]).map(({ image }) => image)).toEqual(['new:2']);
    expect([...matched]).toEqual(['app']);
    expect(repositories).toEqual(['localhost:5000/team/app']);
  });

  test.each([
    ['v1 ConfigMap', 'data: {containers: "[{name: a, image: app}]"}'],
    ['example.org/v1 Registry', 'containers: [{name: a, image: app}]'],
    [
      'example.org/v1 Registry',
      'spec: {containers: [{image: app}], images: [{name: a, image: app}]}',
    ],
    ['example.org/v1 Registry', 'spec: {containers: [{name: a, image: {name: app}}]}'],
  ])('%s %s has none', (head, rest) => {
    const before = object(head, rest);
    const { objects, matched } = setImages([before], { app: 'new:2' });
    expect(objects[0]).toBe(before);
    expect(matched.size).toBe(0);
  });
});

describe('matching', () => {
  const images = (...texts: readonly string[]) => {
    const containers = texts.map((image, index) => ({ name: `c${index}`, image }));
    return { ...object('v1 Pod', ''), spec: { containers } };
  };

  test('the repository counts, neither tag nor digest nor port', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const before = images(
      'app',
      'app:1',
      `r:5000/app@${digest}`,
      'app:5000/other',
      'my-app',
      'app/x',
    );
    const { objects } = setImages([before], { app: 'new:2' });
    expect(containerImages(objects[0]).map(({ image }) => image)).toEqual([
      'new:2',
      'new:2',
      'new:2',
      'app:5000/other',
      'my-app',
      'app/x',
    ]);
  });

  test('of several names the longest wins, and each counts as matched', () => {
    const { objects, matched } = setImages([images('r/team/app', 'r/app')], {
      app: 'short:1',
      'team/app': 'long:1',
    });
    expect(containerImages(objects[0]).map(({ image }) => image)).toEqual(['long:1', 'short:1']);
    expect([...matched].toSorted()).toEqual(['app', 'team/app']);
  });

  test('an image that is set once is not matched again by its new name', () => {
    const { objects } = setImages([images('a')], { a: 'b:1', b: 'c:1' });
    expect(containerImages(objects[0]).map(({ image }) => image)).toEqual(['b:1']);
  });

  test('a name that matches nothing tells what is there, and the nearest', () => {
    const lines = { bakend: 'x:1', 'r/frontend': 'x:1', zzz: 'x:1' };
    const set = setImages([images('r/backend:1', 'r/fronted', 'r/backend:2')], lines);
    const findings = unmatchedImages(lines, set);
    expect(findings.map(({ code, hint }) => [code, /mean (\S+)\?/.exec(hint)?.[1]])).toEqual([
      ['image-not-matched', 'r/backend'],
      ['image-not-matched', 'r/fronted'],
      ['image-not-matched', undefined],
    ]);
    expect(findings[0]?.evidence).toEqual(['found: r/backend, r/fronted']);
    expect(unmatchedImages({ a: 'x' }, setImages([], {}))[0]?.evidence).toEqual([
      'no container image was found',
    ]);
  });

  test('malformed references of the input', () => {
    expect(invalidImages({ a: 'ok:1', b: 'Not:ok' }).map(({ code }) => code)).toEqual([
      'image-name-invalid',
    ]);
  });
});
