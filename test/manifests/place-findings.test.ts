import { describe, expect, test } from '@jest/globals';
import { finding } from '../../src/core/errors.ts';
import { parseManifests } from '../../src/manifests/parse/parse.ts';
import { placeFindings } from '../../src/manifests/place-findings.ts';

const text = `kind: ConfigMap
apiVersion: v1
metadata: {name: web}
---
kind: Deployment
apiVersion: apps/v1
metadata: {name: web}
---
kind: Deployment
apiVersion: apps/v1
metadata: {name: web, namespace: other}
`;
const { documents } = parseManifests(text, 'app.yaml');
const about = (parts: object) => finding('crash-loop', 'it crashes', parts);

describe('placeFindings', () => {
  test('shows a live finding at its object’s manifest', () => {
    const [placed] = placeFindings(
      [about({ object: 'Deployment/web', namespace: 'shop' })],
      documents,
    );
    expect(placed).toMatchObject({ file: 'app.yaml', line: 5 });
  });

  test('prefers the manifest that names the namespace', () => {
    const [placed] = placeFindings(
      [about({ object: 'Deployment/web', namespace: 'other' })],
      documents,
    );
    expect(placed).toMatchObject({ file: 'app.yaml', line: 9 });
  });

  test('keeps a place that is known, and invents none', () => {
    const known = about({ object: 'Deployment/web', file: 'x.yaml', line: 3 });
    const foreign = about({ object: 'Job/web' });
    const live = documents.map((each) => ({ ...each, file: '' }));
    expect(placeFindings([known, foreign], documents)).toEqual([known, foreign]);
    expect(placeFindings([about({ object: 'Deployment/web' })], live)[0]).not.toHaveProperty(
      'file',
    );
  });
});
