// What the generator writes is read back as what it was given, by a YAML parser that is not its own.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { block, entry, indent, scalar } from '../../../src/commands/init/workflows/yaml.ts';

const tricky = [
  ...[
    '',
    ' ',
    'a',
    'yes',
    'off',
    'NO',
    'true',
    'null',
    '~',
    '3.10',
    '1e3',
    '0x1F',
    '24',
    '-',
    '- a',
  ],
  ...[
    'a: b',
    'a #b',
    '#a',
    "it's",
    '"quoted"',
    'back`tick',
    '\\n',
    '{a: b}',
    '[a]',
    '*a',
    '&a',
    '!a',
  ],
  ...[
    '%a',
    '@a',
    '|',
    '>',
    '?',
    ': ',
    'a:',
    '${{ inputs.app }}',
    "${{ a == 'b: c' }}",
    '${{ a }}-x',
  ],
  ...[
    'CRITICAL,HIGH',
    'https://api.cloud.yandex.net',
    'bash -c "$SCRIPT"',
    'two\nlines\n',
    '2026-12-01',
  ],
];

// `true` and `false` are written as such: an input of the runner is a text either way.
const isBoolean = (text: string) => /^(?:true|false)$/i.test(text);

test.each(tricky)('%j', (text) => {
  const read = parse(block('with', entry('x', text)).join('\n')).with.x;
  expect(isBoolean(text) ? String(read) : read).toBe(text);
});

test('any line of text', () => {
  const line = fc.string({ unit: 'grapheme-ascii' }).filter((text) => !isBoolean(text));
  fc.assert(
    fc.property(line, (text) => {
      expect(parse(`x: ${scalar(text)}\n`).x).toBe(text);
    }),
    { numRuns: 2_000 },
  );
});

test('an empty line of a block is not indented, and nothing has no block', () => {
  expect(indent(['a', '', 'b'])).toEqual(['  a', '', '  b']);
  expect(block('with', [])).toEqual([]);
});
