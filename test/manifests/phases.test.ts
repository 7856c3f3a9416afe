import { describe, expect, test } from '@jest/globals';
import { describePhases, inPhases, phaseFindings } from '../../src/manifests/phases.ts';
import { documentsOf } from '../support/manifests/documents.ts';

const object = (apiVersion: string, kind: string, name: string, phase?: string) => `---
apiVersion: ${apiVersion}
kind: ${kind}
metadata:
  name: ${name}
  annotations:
    other: "1"
${phase === undefined ? '' : `    webgen-deploy/phase: ${phase}\n`}`;

const deployment = object('apps/v1', 'Deployment', 'web');
const split = (...texts: readonly string[]) =>
  inPhases(documentsOf(texts.join(''))).map(({ phase, items }) => [
    phase,
    items.map((each) => each.object.metadata.name),
  ]);

describe('phases', () => {
  test('are not there where nothing asks for one', () => {
    expect(split(deployment, object('v1', 'ConfigMap', 'settings'))).toEqual([]);
    expect(split(deployment, object('v1', 'ConfigMap', 'settings', 'base'))).toEqual([]);
  });

  test('come in their order, what workloads need before all of them', () => {
    expect(
      split(
        object('batch/v1', 'Job', 'smoke', 'post-deploy'),
        object('networking.k8s.io/v1', 'Ingress', 'public'),
        deployment,
        object('v1', 'Pod', 'seed', 'pre-deploy'),
        object('batch/v1', 'Job', 'migrate', 'pre-deploy'),
        object('policy/v1', 'PodDisruptionBudget', 'db-budget', 'base'),
        object('apps/v1', 'StatefulSet', 'db', 'base'),
        object('v1', 'Secret', 'db-password', 'base'),
        object('v1', 'Service', 'web'),
        object('v1', 'PersistentVolumeClaim', 'files', 'post-deploy'),
        object('v1', 'Namespace', 'shop'),
      ),
    ).toEqual([
      ['preparation', ['db-password', 'web', 'files', 'shop']],
      ['base', ['db-budget', 'db']],
      ['pre-deploy', ['seed', 'migrate']],
      ['main', ['public', 'web']],
      ['post-deploy', ['smoke']],
    ]);
  });

  test('a custom kind may be a database too', () => {
    const database = object('postgresql.example/v1', 'Cluster', 'db', 'base');
    expect(split(database)).toEqual([
      ['base', ['db']],
      ['main', []],
    ]);
  });

  test('are told as numbered lines', () => {
    const many = Array.from({ length: 10 }, (_, at) => object('batch/v1', 'Job', `j${at}`));
    const texts = [object('apps/v1', 'StatefulSet', 'db', 'base'), ...many];
    expect(describePhases(inPhases(documentsOf(texts.join(''))))).toEqual([
      '1. base: StatefulSet/db',
      '2. main: Job/j0, Job/j1, Job/j2, Job/j3, Job/j4, Job/j5, Job/j6, Job/j7 and 2 more',
    ]);
  });

  test('another value is refused where it is written, with what may be written', () => {
    const text = [
      deployment,
      ...['main', 'Base', '""'].map((each, at) => object('batch/v1', 'Job', `j${at}`, each)),
    ].join('');
    const findings = phaseFindings(documentsOf(text));
    expect(findings.map(({ code, object: name, line }) => [code, name, line])).toEqual([
      ['manifest-invalid', 'Job/j0', 15],
      ['manifest-invalid', 'Job/j1', 23],
      ['manifest-invalid', 'Job/j2', 31],
    ]);
    expect(findings[1]?.what).toBe('Job/j1 names an unknown phase: "Base".');
    expect(findings[0]?.hint).toContain('base, pre-deploy or post-deploy');
  });
});
