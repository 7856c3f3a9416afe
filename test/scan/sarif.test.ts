import { expect, test } from '@jest/globals';
import { categorised } from '../../src/scan/sarif.ts';
import { fixture } from '../support/scan/fixtures.ts';

test('every run gets the category, and keeps what it has', () => {
  const text = fixture('image-vulnerable.sarif');
  const before = JSON.parse(text);
  const after = JSON.parse(categorised(text, 'webgen-deploy/shop/image/backend') ?? '');
  expect(after.runs[0].automationDetails).toEqual({ id: 'webgen-deploy/shop/image/backend/' });
  delete after.runs[0].automationDetails;
  expect(after).toEqual(before);
});

test('a list that is too long for GitHub is cut, not refused as a whole', () => {
  const sarif = JSON.parse(fixture('image-vulnerable.sarif'));
  const [run] = sarif.runs;
  run.results = Array.from({ length: 25_001 }, () => run.results[0]);
  expect(JSON.parse(categorised(JSON.stringify(sarif), 'x') ?? '').runs[0].results).toHaveLength(
    25_000,
  );
});

test.each(['', '[]', '{"runs": 7}', '{"runs": [7]}'])('%j is no SARIF', (text) => {
  expect(categorised(text, 'x')).toBeUndefined();
});
