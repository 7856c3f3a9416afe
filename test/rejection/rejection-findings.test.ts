import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ApiResponse } from '../../src/core/ports.ts';
import type { Document } from '../../src/kube/document.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { parseManifests } from '../../src/manifests/parse/parse.ts';
import { refusalFindings } from '../../src/rejection/rejection-findings.ts';

// Recorded from kube-apiserver 1.34.
const folder = join(import.meta.dirname, '..', 'fixtures', 'api');
const recorded = (name: string): ApiResponse => ({
  headers: {},
  ...(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as {
    status: number;
    body: unknown;
  }),
});

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: backend
spec:
  replcas: two
  replicas: two
  selector:
    matchLabels: { app: other }
  template:
    metadata: { labels: { app: backend } }
    spec:
      containers:
        - name: backend
          image: cr.yandex/crp1/backend:1.0.0
          imge: y
          ports:
            - containerPort: 99999
          env:
            - { name: A, value: "1" }
`;

const secret = `apiVersion: v1
kind: Secret
metadata: { name: s }
data:
  a: YQ==
`;

const statefulSet = `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  replicas: 0
  serviceName: b
`;

function read(yaml: string): Document {
  const [document] = parseManifests(yaml, 'app.yaml').documents;
  if (!document) throw new Error('no document');
  return document;
}

function findings(name: string, yaml = deployment, live?: KubeObject) {
  const document = read(yaml);
  const response = recorded(name);
  const path = '/apis/apps/v1/namespaces/shop/deployments/backend';
  const request = { method: 'PATCH', path } as const;
  return refusalFindings({ document, object: document.object, live, request, response });
}

const alive = read(deployment).object;

describe('a wrong shape', () => {
  test('every unknown field has its own line', () => {
    expect(findings('unknown-fields')).toMatchObject([
      { code: 'field-unknown', file: 'app.yaml', line: 16, object: 'Deployment/backend' },
      { code: 'field-unknown', file: 'app.yaml', line: 6 },
    ]);
    expect(findings('unknown-field')).toMatchObject([{ code: 'field-unknown', line: 6 }]);
  });

  test('the other way in which a server names unknown fields', () => {
    const message = 'strict decoding error: unknown field "spec.replcas"';
    const response = { status: 400, headers: {}, body: { kind: 'Status', message } };
    const document = read(deployment);
    const request = { method: 'PATCH', path: '/api/v1/x/y' } as const;
    const refused = { document, object: document.object, live: undefined, request, response };
    expect(refusalFindings(refused)).toMatchObject([{ code: 'field-unknown', line: 6 }]);
  });

  test('a wrong type and an entry that is there twice', () => {
    expect(findings('wrong-type')).toMatchObject([{ code: 'manifest-invalid', line: 7 }]);
    const [twice] = findings('duplicate-env');
    expect(twice).toMatchObject({ code: 'manifest-invalid', line: 19 });
    expect(twice.what).toContain('duplicate entries');
  });

  test('invalid values: each cause with its line', () => {
    const found = findings('invalid');
    expect(found.map(({ code, line }) => [code, line])).toEqual([
      ['manifest-invalid', 14],
      ['manifest-invalid', 18],
    ]);
    expect(found[1]?.what).toContain('must be between 1 and 65535');
  });

  test('custom kinds: no finding for the cause that only points to others', () => {
    expect(findings('custom-invalid').map(({ evidence }) => evidence[0])).toEqual([
      'spec.color: Unsupported value: "blue": supported values: "red"',
      'spec.size: Required value',
    ]);
  });

  test('too large', () => {
    expect(findings('too-large')).toMatchObject([{ code: 'manifest-invalid', line: 1 }]);
  });
});

describe('immutable fields', () => {
  test('the field, its line and the way out', () => {
    const found = findings('immutable-selector', deployment, alive);
    expect(found).toMatchObject([{ code: 'field-immutable', line: 8 }]);
    expect(found[0].what).toBe('Deployment/backend: spec.selector is immutable.');
    expect(found[0].hint).toContain('webgen-deploy/recreate');
  });

  test('a StatefulSet: the field that differs, where the API only says spec', () => {
    const live = { ...read(statefulSet).object, spec: { replicas: 0, serviceName: 'a' } };
    expect(findings('immutable-statefulset', statefulSet, live)).toMatchObject([
      { code: 'field-immutable', line: 6, what: 'StatefulSet/db: spec.serviceName is immutable.' },
    ]);
  });

  test.each([
    'immutable-job',
    'immutable-pod',
    'immutable-configmap',
    'immutable-clusterip',
    'immutable-roleref',
    'immutable-secret-type',
    'immutable-claim',
    'custom-immutable',
  ])('%s, without the dump of the value', (name) => {
    const found = findings(name, deployment, alive);
    expect(found.map(({ code }) => code)).toEqual(['field-immutable']);
    expect(found[0].evidence.join('\n').length).toBeLessThan(600);
  });

  test('a claim is never offered to be replaced', () => {
    const claim = deployment
      .replace('apps/v1', 'v1')
      .replace('Deployment', 'PersistentVolumeClaim');
    expect(findings('immutable-claim', claim, alive)[0].hint).not.toContain('recreate');
  });
});

describe('who said no', () => {
  test.each([
    ['forbidden', 'forbidden', 'patch deployments.apps in namespace shop'],
    ['forbidden-cluster', 'forbidden', 'patch namespaces'],
    ['forbidden-escalation', 'forbidden', 'does not hold itself'],
    ['quota', 'quota-exceeded', 'ResourceQuota'],
    ['pod-security', 'admission-denied', 'restricted:latest'],
    ['admission-policy', 'admission-denied', 'apply-limit'],
    ['namespace-terminating', 'api-error', 'is being deleted'],
    ['namespace-missing', 'manifest-invalid', 'nowhere does not exist'],
    ['webhook-failing', 'api-error', 'check.example.com'],
  ])('%s is %s', (name, code, words) => {
    const found = findings(name);
    expect(found.map((each) => each.code)).toEqual([code]);
    expect(found[0].what).toContain(words);
  });

  test('a conflict names the manager and the field with its line', () => {
    const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata:\n  a: "1"\n';
    const [found] = findings('conflict-helm', config);
    expect(found).toMatchObject({ code: 'field-conflict', line: 5 });
    expect(found.what).toBe('ConfigMap/c: helm owns data.a.');
  });
});

describe('of a Secret', () => {
  test.each(['secret-number', 'secret-bad-base64', 'immutable-secret-type'])(
    '%s shows no value',
    (name) => {
      const text = JSON.stringify(findings(name, secret, read(secret).object));
      expect(text).not.toMatch(/31337|YQ==|x\/y/);
    },
  );
});

test('a policy that quotes a Secret is not quoted', () => {
  const yaml = secret.replace('YQ==', 'aHVudGVyMg==');
  const message = 'admission webhook "p.io" denied the request: weak: hunter2 (aHVudGVyMg==)';
  const response = { status: 403, headers: {}, body: { kind: 'Status', message } };
  const document = read(yaml);
  const request = { method: 'PATCH', path: '/api/v1/namespaces/shop/secrets/s' } as const;
  const refused = { document, object: document.object, live: undefined, request, response };
  const [found] = refusalFindings(refused);
  expect(found.code).toBe('admission-denied');
  expect(found.evidence).toEqual(['admission webhook "p.io" denied the request: weak: *** (***)']);
});

test('every recorded answer becomes a finding', () => {
  const names = readdirSync(folder).map((name) => name.replace('.json', ''));
  const refused = names.filter((name) => recorded(name).status >= 400);
  expect(refused.length).toBeGreaterThan(20);
  for (const name of refused) expect(findings(name).length).toBeGreaterThan(0);
});
