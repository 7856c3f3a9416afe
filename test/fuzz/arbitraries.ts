// What hostile people write: texts, values, and real documents with a few places changed.
import fc from 'fast-check';
import { canaries } from '../support/canaries.ts';
import { type Data, type Edit, made, pathsOf } from './data.ts';
import { encodings } from './forms.ts';

/** Marks that no text of ours has: where one acts on a reader or a runner, markup has escaped. */
export const mark = 'zzevil';

const keywords = [
  ...['', ' ', '0', '-1', '1e999', '9007199254740993', 'true', 'null', '~', 'NaN', '0x1F', '1_000'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', 'then'],
  ...['..', '/', '../../etc/passwd', '-', '--', '-rf', '*', '**/*', '!', '#', '$', '${X}', '$(x)'],
  ...['v1', 'apps/v1', '/v1', 'a/b/c', 'Secret', 'Deployment', 'List', 'SecretList', 'default'],
  ...['2026-11-27T12:00:00Z', '0000-00-00T00:00:00Z', '+275760-09-13T00:00:00.001Z', 'yesterday'],
  ...['http://[', 'https://', 'https://127.0.0.1:99999/', 'file:///etc/passwd', 'data:,x', '//x'],
  ...['sha256:', `sha256:${'a'.repeat(64)}`, 'a@b:c/d', ':', '%', '%%', '%zz', '\\', "'", '"', '`'],
  ...[
    '\u0000',
    '\ud800',
    '\ufeff',
    '\u2028',
    '\r',
    '\n',
    '\r\n',
    '\t',
    '\u0085',
    'İ',
    'ß',
    '👩‍👩‍👧',
  ],
];

const attacks = [
  `::error::${mark}`,
  `\n::error::${mark}`,
  `x\r::add-mask::${mark}`,
  `\u200b::set-env name=A::${mark}`,
  `\u001b[2K::stop-commands::${mark}`,
  `\u2028::error::${mark}`,
  `##[error]${mark}`,
  `#\u200b#[command]${mark}`,
  `\u001b]8;;https://${mark}.example\u0007x\u001b]8;;\u0007`,
  `\u001b[31m${mark}\u009b2J`,
  `\u202e${mark}`,
  `<img src=x onerror=${mark}>`,
  `</code><${mark}>`,
  `</details></summary><${mark}>`,
  `<!-- ${mark}`,
  `[${mark}](https://${mark}.example)`,
  `![${mark}](https://${mark}.example/x.png)`,
  `https://${mark}.example/`,
  `www.${mark}.example`,
  `@${mark}`,
  `\`\`\`\n<${mark}>\n@${mark}`,
  `\`\`\`\`\`\`\n<${mark}>`,
  `~~~\n<${mark}>`,
  `| ${mark} | <${mark}> |`,
  `# ${mark}\n<${mark}>`,
  `$\\${mark}$`,
  `x**${mark}**x _${mark}_`,
  `&lt;${mark}&gt; &#60;${mark}&#62;`,
];

/** What makes patterns go back and forth, or parsers nest. */
const pieces = [
  ...[
    'a',
    ' ',
    '\t',
    '\n',
    '\r',
    '"',
    '\\"',
    "'",
    '`',
    '*a',
    '\\',
    '\\\\',
    '$',
    '${a',
    '$$',
    '=',
    '==',
  ],
  ...[
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '<',
    '>',
    '[[',
    '{{',
    '{"a":',
    '[0]',
    '.a',
    '..',
    '/',
    '//',
    ': ',
  ],
  ...[
    '&a ',
    '*a ',
    '- ',
    '? ',
    '| ',
    '%',
    '%2',
    '@',
    '#',
    '##[',
    '::',
    ':',
    ';',
    ',',
    'a,',
    '\u001b[',
  ],
  ...[
    '\u001b]',
    '\u200b',
    '\u2028',
    'x=y ',
    'a.b.',
    '-----BEGIN ',
    'Invalid value: ',
    '" cannot ',
    'é',
  ],
  ...[
    'User "a" cannot ',
    'unknown field "a" ',
    '.a: b\n',
    '<<',
    '<<A ',
    '!',
    '**/',
    '[^',
    'ERROR: ',
  ],
];

/** Longest texts, characters: what a Status, an annotation or a log line may hold. */
const longest = 200_000;

const plainText = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/),
);

const secretForm = fc.record({
  $secret: fc.tuple(
    fc.nat(canaries.length - 1),
    fc.constantFrom(...(Object.keys(encodings) as (keyof typeof encodings)[])),
  ),
});

const piece = fc.oneof(fc.constantFrom(...pieces), plainText);

const shortRun = fc.record({ $repeat: fc.tuple(piece, fc.integer({ min: 0, max: 300 })) });

const longRun = fc
  .tuple(piece, fc.integer({ min: 1_000, max: longest }))
  .map(([text, size]) => ({ $repeat: [text, Math.ceil(size / Math.max(1, text.length))] }));

const shortText: fc.Arbitrary<Data> = fc.oneof(
  { weight: 5, arbitrary: plainText },
  { weight: 4, arbitrary: fc.constantFrom(...keywords) },
  { weight: 4, arbitrary: fc.constantFrom(...attacks) },
  { weight: 4, arbitrary: secretForm },
  { weight: 2, arbitrary: shortRun },
);

const longText: fc.Arbitrary<Data> = fc.oneof(
  longRun,
  fc.record({ $join: fc.tuple(shortText, longRun, shortText) }),
  // So that the secret lies where something is cut: a column, a line, a limit.
  fc
    .tuple(fc.constantFrom(80, 200, 300, 400, 500, 1_000, 2_000, 4_000, 4_096), fc.nat(60))
    .chain(([limit, before]) =>
      secretForm.map((secret) => ({
        $join: [{ $repeat: ['x', Math.max(0, limit - before - 1)] }, ' ', secret, ' and on'],
      })),
    ),
);

/** Any text: mostly short, one in forty of a size that somebody chose to hurt. */
export const text: fc.Arbitrary<Data> = fc.oneof(
  { weight: 27, arbitrary: shortText },
  {
    weight: 12,
    arbitrary: fc.record({ $join: fc.array(shortText, { minLength: 2, maxLength: 5 }) }),
  },
  { weight: 1, arbitrary: longText },
);

const scalar: fc.Arbitrary<Data> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.constantFrom<Data>(null, true, false, 0, 1, -1, 0.5, 2 ** 31, 2 ** 53),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Data>(1e308, -1e308, 2 ** 32, 1e9, 1e15, [], {}, [null]),
  },
  { weight: 1, arbitrary: fc.integer() },
  { weight: 5, arbitrary: text },
);

const deep = fc.record({
  $deep: fc.tuple(
    fc.constantFrom('list' as const, 'map' as const),
    fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constantFrom(500, 3_000)),
  ),
});

const key = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('name', 'kind', 'metadata', 'spec', 'status', 'message'),
  },
  { weight: 2, arbitrary: fc.constantFrom('items', 'type', 'reason', 'code', 'uid', '__proto__') },
  { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
);

/** Any JSON value: mostly scalars, shallow lists and maps, now and then deep or wide. */
export const value: fc.Arbitrary<Data> = fc.oneof(
  { weight: 12, arbitrary: scalar },
  { weight: 3, arbitrary: fc.array(scalar, { maxLength: 4 }) },
  { weight: 3, arbitrary: fc.dictionary(key, scalar, { maxKeys: 4, noNullPrototype: true }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.dictionary(key, scalar, { maxKeys: 3, noNullPrototype: true }), {
      maxLength: 3,
    }),
  },
  { weight: 1, arbitrary: deep },
);

/** The document itself, or with up to `most` places of it changed to something hostile. */
export function mutated(base: Data, most = 4): fc.Arbitrary<Data> {
  const paths = pathsOf(made(base));
  // The root is replaced now and then, the places below it mostly.
  const place = fc.oneof(
    { weight: 1, arbitrary: fc.constant(paths[0] ?? []) },
    { weight: 30, arbitrary: fc.nat(paths.length - 1).map((at) => paths[at] ?? []) },
  );
  const edit: fc.Arbitrary<Edit> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(fc.constant('set' as const), place, value),
    },
    { weight: 3, arbitrary: fc.tuple(fc.constant('delete' as const), place) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('add' as const), place, key, value) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constant('repeat' as const), place, fc.constantFrom(0, 2, 30)),
    },
  );
  return fc.array(edit, { maxLength: most }).map((edits) => ({ $edit: [base, edits] }));
}

/** A text with up to `most` hostile pieces put over places of it. */
export function spliced(base: fc.Arbitrary<Data>, most = 3): fc.Arbitrary<Data> {
  const pieceOf = fc.tuple(fc.nat(20_000), fc.oneof(fc.constant(0), fc.nat(40)), text);
  return fc
    .tuple(base, fc.array(pieceOf, { maxLength: most }))
    .map(([whole, all]) => (all.length === 0 ? whole : { $splice: [whole, all] }));
}

/** A document as a text: JSON, YAML, or either with pieces in it. */
export function written(document: fc.Arbitrary<Data>): fc.Arbitrary<Data> {
  const forms = fc.oneof(
    document.map((each) => ({ $yaml: each })),
    document.map((each) => ({ $json: each })),
  );
  return fc.oneof({ weight: 3, arbitrary: forms }, { weight: 2, arbitrary: spliced(forms) });
}

/** So many: mostly few, now and then what hurts. */
const times = (most: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 1, max: 200 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1_000, max: most }) },
  );

/** YAML that is small and means much: anchors that multiply, tags, keys of any kind, cycles. */
export const yamlTricks: fc.Arbitrary<Data> = fc.oneof(
  fc.integer({ min: 2, max: 40 }).map(bomb),
  times(3_000).map((count) => ({
    $join: ['a0: &a0 x\n', { $count: ['a#: &b# [*a0, *a0]\n', count] }],
  })),
  times(20_000).map((count) => ({ $repeat: ['- ', count] })),
  times(100_000).map((count) => ({ $repeat: ['[', count] })),
  times(50_000).map((count) => ({ $repeat: ['{a: ', count] })),
  times(5_000).map((count) => ({ $repeat: ['---\n', count] })),
  times(20_000).map((count) => ({ $count: ['k#: v\n', count] })),
  fc.constantFrom(
    'a: &a [*a]\n',
    '&a a: *a\n',
    '? [a, b]\n: c\n',
    '<<: *a\n',
    'a: &a {b: c}\nd: {<<: *a, <<: *a}\n',
    '!!binary aGk=\n',
    'a: !!binary "////"\n',
    '!!js/function "x"\n',
    '!<tag:yaml.org,2002:map> {}\n',
    '%YAML 9.9\n---\na\n',
    '%TAG ! tag:x,2000:\n---\n!y z\n',
    'a: !!int "x"\nb: !!float .nan\nc: !!timestamp 2001-99-99\n',
    'apiVersion: v1\nkind: List\nitems: &i\n- {apiVersion: v1, kind: List, items: *i}\n',
    '"a\n',
    "'a\n",
    'a: |9999999999\n  x\n',
    '\u0000',
    '\ufeff\ufeffa: b',
  ),
);

/** Every level holds the one below it so many times. */
function bomb(levels: number): Data {
  const lines = Array.from({ length: levels }, (_, at) =>
    at === 0 ? 'a0: &a0 [x, x]\n' : `a${at}: &a${at} [*a${at - 1}, *a${at - 1}]\n`,
  );
  return lines.join('');
}
