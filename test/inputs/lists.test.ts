// Lists: comments and empty lines are skipped, each wrong line is named by its number.
import { describe, expect, test } from '@jest/globals';
import type { Reader } from '../../src/core/readers.ts';
import { images, linesOf, manifests, nonEmpty, variables } from '../../src/inputs/lists.ts';

function accepted<T>(reader: Reader<T>, text: string): T {
  const result = reader(text, 'x');
  if ('value' in result) return result.value;
  throw new Error(result.findings.map(({ what }) => what).join('\n'));
}

function whats(reader: Reader<unknown>, text: string): readonly string[] {
  const result = reader(text, 'x');
  return 'value' in result ? [] : result.findings.map(({ what }) => what);
}

describe('lines', () => {
  test('are numbered as written, whatever ends them', () => {
    expect(linesOf('a\r\n\n  # note\n b\rc')).toEqual([
      { text: 'a', number: 1 },
      { text: ' b', number: 4 },
      { text: 'c', number: 5 },
    ]);
  });
});

describe('variables', () => {
  test('the value is everything after the first =, untouched', () => {
    const text = 'A=1\n# B=2\n\n  _C=a=b: "c" #d \nEMPTY=';
    expect(accepted(variables, text)).toEqual({ A: '1', _C: 'a=b: "c" #d ', EMPTY: '' });
  });
  test('a name of an inherited property is only there when it is given', () => {
    expect(accepted(variables, 'A=1')['constructor']).toBeUndefined();
    expect(accepted(variables, 'constructor=1\n__proto__=2')).toMatchObject({ constructor: '1' });
    expect(Object.keys(accepted(variables, '__proto__=2'))).toEqual(['__proto__']);
  });
  test('every wrong line is named, and no value is repeated', () => {
    const found = whats(variables, 'A=1\nhunter2\n1B=hunter2\nA =hunter2\nC-D=hunter2\nA=hunter2');
    expect(found).toEqual([
      'Input `x` line 2 has no `=` (a text of 7 characters).',
      'Input `x` line 3 has a name that is not letters, digits and `_`.',
      'Input `x` line 4 has a name that is not letters, digits and `_`.',
      'Input `x` line 5 has a name that is not letters, digits and `_`.',
      'Input `x` sets the same name on lines 1 and 6.',
    ]);
  });
});

describe('images', () => {
  const digest = `sha256:${'0a'.repeat(32)}`;
  test('names and references in their usual forms', () => {
    const text = `backend=cr.yandex/crp1/backend:1f3c\n web/front_end = localhost:5000/x@${digest}
registry.example:5000/team/api=registry.example:5000/team/api:1.2@${digest}`;
    expect(accepted(images, text)).toEqual({
      backend: 'cr.yandex/crp1/backend:1f3c',
      'web/front_end': `localhost:5000/x@${digest}`,
      'registry.example:5000/team/api': `registry.example:5000/team/api:1.2@${digest}`,
    });
  });
  test.each([
    ['backend', 'line 1 has no `=`'],
    ['cr.yandex/x:1', 'line 1 has no `=`'],
    ['backend:1=x', 'not an image repository'],
    ['Backend=x', 'not an image repository'],
    ['=x', 'not an image repository'],
    ['../x=x', 'not an image repository'],
    ['a=', 'an empty reference: was the output that fills it empty?'],
    ['a=b c', 'a reference of the wrong form'],
    ['a=b:', 'a reference of the wrong form'],
    ['a=b@sha256:12', 'a reference of the wrong form'],
    ['a=$(id)', 'a reference of the wrong form'],
    ['a=b\na=c', 'sets the same name on lines 1 and 2'],
  ])('%j is refused', (text, words) => {
    expect(whats(images, text)).toEqual([expect.stringContaining(words)]);
  });
});

describe('manifests', () => {
  const url = `https://example.org/a.yaml#sha256=${'0a'.repeat(32)}`;
  test('keep their order; a leading - excludes', () => {
    const text = `k8s/\n# note\n- k8s/old.yaml\n-k8s/x.yaml\n${url}\n**/*.yml`;
    const wanted = ['k8s/', '-k8s/old.yaml', '-k8s/x.yaml', url, '**/*.yml'];
    expect(accepted(manifests, text)).toEqual(wanted);
  });
  test.each([
    ['https://example.org/a.yaml', 'line 1 is a URL without digest'],
    ['a\nhttps://example.org/a.yaml#sha256=12', 'line 2 is a URL without digest'],
    ['http://example.org/a.yaml', 'has a scheme other than https://'],
    ['oci://example.org/a', 'has a scheme other than https://'],
    [`https://u:p@example.org/a#sha256=${'0a'.repeat(32)}`, 'has a user or password'],
    ['- a.yaml\n- b.yaml', 'only excludes'],
  ])('%j is refused', (text, words) => {
    expect(whats(manifests, text)).toEqual([expect.stringContaining(words)]);
  });
  test('comments alone are no list', () => {
    expect(whats(nonEmpty(manifests), '# a.yaml')).toEqual(['Input `x` holds comments only.']);
  });
});
