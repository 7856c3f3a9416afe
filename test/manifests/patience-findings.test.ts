import { expect, test } from '@jest/globals';
import { patienceFindings } from '../../src/manifests/annotations.ts';
import { documentsOf } from '../support/manifests/documents.ts';

const workload = (name: string, patience: string) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  annotations:
    webgen-deploy/patience: ${patience}
---
`;

test('an object’s own patience is one of three words, or refused where it is written', () => {
  const text = ['strict', 'normal', 'patient', 'Strict', '""']
    .map((each, at) => workload(`d${at}`, each))
    .join('');
  const findings = patienceFindings(documentsOf(text));
  expect(findings.map(({ code, object, line }) => [code, object, line])).toEqual([
    ['manifest-invalid', 'Deployment/d3', 27],
    ['manifest-invalid', 'Deployment/d4', 34],
  ]);
  expect(findings[0]?.what).toBe('Deployment/d3: webgen-deploy/patience is "Strict".');
  expect(findings[0]?.hint).toBe('Write strict, normal, patient.');
});
