import { expect, test } from '@jest/globals';
import { warningFindings } from '../../src/rejection/api-warnings.ts';
import { documentsOf } from '../support/manifests/documents.ts';

const [document] = documentsOf(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: app
          resources:
            limits:
              memory: 512m
`);

const told = (...texts: string[]) => (document ? warningFindings(texts, document) : []);

test('a fractional byte is shown at its line, and how it was probably meant', () => {
  const text =
    'spec.template.spec.containers[0].resources.limits[memory]: fractional byte value "512m" is invalid, must be an integer';
  expect(told(text)).toMatchObject([
    {
      code: 'api-warning',
      severity: 'warning',
      object: 'Deployment/web',
      line: 12,
      what: expect.stringContaining('fractional byte value'),
      hint: '512m is a fraction of a byte: write 512Mi if mebibytes are meant.',
    },
  ]);
});

test.each([
  [
    'policy/v1beta1 PodDisruptionBudget is deprecated in v1.21+, unavailable in v1.25+; use policy/v1 PodDisruptionBudget',
    'Write policy/v1 PodDisruptionBudget instead',
  ],
  [
    'spec.template.metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: deprecated since v1.19',
    'Replace the field',
  ],
  ['would violate PodSecurity "restricted:latest": runAsNonRoot != true', 'securityContext'],
  ['a webhook says hello', 'Correct the field'],
])('%s', (text, hint) => {
  expect(told(text)).toMatchObject([{ hint: expect.stringContaining(hint) }]);
});

test('a flood is cut, and control characters are shown as such', () => {
  expect(told(...Array.from({ length: 500 }, (_, at) => `warning ${at}`))).toHaveLength(20);
  expect(told('red \u001b[31m alert')[0]?.what).not.toContain('\u001b');
  expect(told('x'.repeat(100_000))[0]?.what.length).toBeLessThan(1_000);
});
