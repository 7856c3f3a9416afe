// Every known secret, in every form in which a program may repeat it, is gone from what people read.
import { describe, expect, test } from '@jest/globals';
import { redactor } from '../../../src/core/redaction/redaction.ts';
import { asSeen, canaries, encodings, tracesOf } from '../../support/canaries.ts';

function knowing(...secrets: readonly string[]) {
  const known = redactor();
  for (const secret of secrets) known.remember(secret);
  return known;
}

describe('forty secrets', () => {
  const { redact } = knowing(...canaries);
  test.each(Object.entries(encodings))('%s: no line of any is left', (_, encode) => {
    const left = canaries.flatMap((secret) => {
      const shown = asSeen(redact(`before ${encode(secret)} after`));
      expect(shown).toMatch(/^before .* after$/s);
      expect(shown).toContain('***');
      return tracesOf(secret).filter((trace) => shown.includes(trace));
    });
    expect(left).toEqual([]);
  });

  test('each alone, and all of them side by side', () => {
    for (const encode of Object.values(encodings)) {
      const shown = asSeen(redact(canaries.map(encode).join('\n')));
      expect(canaries.flatMap(tracesOf).filter((trace) => shown.includes(trace))).toEqual([]);
    }
  });
});

describe('what stays', () => {
  test('text without a secret, as it is', () => {
    const text =
      'Deployment/web: 3 of 3 available (https://x/?a=%20b)\n\ttab \\n "q" &amp; 🚀\r\nend';
    expect(knowing(...canaries).redact(text)).toBe(text);
    expect(knowing().redact(text)).toBe(text);
  });
  test('what stands around a secret', () => {
    const { redact } = knowing('s3cr%t:value');
    expect(redact('{"a":"s3cr%t:value"}')).toBe('{"a":"***"}');
    expect(redact('?a=s3cr%25t%3Avalue&b=%20')).toBe('?a=***&b=%20');
    expect(redact('s3cr%t:values3cr%t:value')).toBe('***');
  });
  test('below four characters nothing is hidden, below six only the plain form', () => {
    expect(knowing('abc').redact('abc')).toBe('abc');
    const five = knowing('ab"c1');
    expect(five.redact('ab"c1 ab\\"c1 YWIiYzE=')).toBe('*** *** YWIiYzE=');
  });
  test('armour and short lines of a key', () => {
    const { redact } = knowing('-----BEGIN KEY-----\nMIIEvQIBADAN\n}\nno\n-----END KEY-----');
    expect(redact('no } -----BEGIN KEY----- MIIEvQIBADAN')).toBe('no } -----BEGIN KEY----- ***');
  });
});

describe('overlaps and pieces', () => {
  test('secrets that overlap are hidden together', () => {
    expect(knowing('abcdef', 'defghi').redact('xabcdefghix')).toBe('x***x');
    expect(knowing('abcdefgh', 'cdef').redact('abcdefgh cdef')).toBe('*** ***');
  });
  const secret = 'Zq8vN3xW5kLp0TgY7mRb2HcJ4dFs6UaE9iOo1PtX';
  test.each([
    ['cut at its end', `value ${secret.slice(0, 30)}`, 'value ***'],
    ['cut with a mark', `value ${secret.slice(0, 30)}… more`, 'value ***… more'],
    ['cut with dots', `value "${secret.slice(0, 30)}..."`, 'value "***..."'],
    ['cut at its beginning', `${secret.slice(12)} was it`, '*** was it'],
    [
      'base64 that was cut',
      Buffer.from(`u:${secret}`).toString('base64').slice(0, 40),
      /^dT\w*\*\*\*$/,
    ],
    ['less than half of it', `value ${secret.slice(0, 12)}`, `value ${secret.slice(0, 12)}`],
    ['in the middle of a text', `${secret.slice(0, 30)}_ x`, `${secret.slice(0, 30)}_ x`],
  ])('%s', (_, text, shown) => {
    expect(knowing(secret).redact(text)).toEqual(
      typeof shown === 'string' ? shown : expect.stringMatching(shown),
    );
  });
  test('base64 that was wrapped', () => {
    const wrapped = Buffer.from(`{"auth":"${canaries[29]} ${secret}${secret}"}`).toString('base64');
    const lines = wrapped.replaceAll(/.{76}/g, '$&\n');
    const shown = knowing(secret).redact(lines);
    expect(shown).not.toContain(Buffer.from(secret).toString('base64').slice(4, 20));
  });
  test('a very long one is hidden piece by piece', () => {
    const long = Array.from({ length: 300 }, (_, at) => (at * 7919).toString(36)).join('');
    const { redact } = knowing(long);
    expect(redact(`a ${long} b`)).toBe('a *** b');
    expect(redact(`a ${long.slice(0, 900)}`)).toMatch(/^a \*\*\*\w{0,130}$/);
  });
});

describe('base64 and hex of other forms', () => {
  const secret = 'Zq7#kP"w+9/Lm%2x&T=v4';
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const auth = (user: string) =>
    JSON.stringify({ auths: { 'r.io': { auth: base64(`${user}:${secret}`) } } });
  test.each([
    ['the login of Docker in a Secret', base64(auth('u'))],
    ['the same, one character further', base64(auth('us'))],
    ['the same, two further', base64(auth('use'))],
    ['base64 of base64', base64(base64(secret))],
    ['base64 of JSON in JSON', base64(JSON.stringify({ a: JSON.stringify({ b: secret }) }))],
    ['base64 of an address', base64(`?a=1&b=${encodeURIComponent(secret)}`)],
    ['hex', Buffer.from(secret).toString('hex')],
    ['hex in capitals', Buffer.from(secret).toString('hex').toUpperCase()],
  ])('%s', (_, shown) => {
    const known = knowing(secret);
    const left = known.redact(`before ${shown} after`);
    expect(left).toContain('***');
    // What is left beside the stars is not enough of it.
    for (const rest of left.split('***')) expect(rest.includes(shown.slice(-28, -4))).toBe(false);
    expect(known.holds(shown)).toBe(true);
  });
});

test('forms inside of forms', () => {
  const { redact } = knowing('p"a s%s\\w');
  const once = JSON.stringify('p"a s%s\\w');
  for (const text of [
    JSON.stringify(JSON.stringify(once)),
    encodeURIComponent(once),
    JSON.stringify(encodeURIComponent('p"a s%s\\w')),
    'p&quot;a s%s\\w',
    'p&#34;a&#x20;s%s&#92;w',
    '"p\\u0022a\\x20s%s\\134w"',
    JSON.stringify('p"a\u001b[1m s%\u200bs\\w').replace('\u200b', '\\u200b'),
  ]) {
    expect(redact(text)).toMatch(/^["\\]*(?:%22)?\*\*\*(?:%22)?["\\]*$/);
  }
});

test('holds says whether one is in it, and changes nothing', () => {
  const { holds } = knowing('s3cr"t-value');
  expect(holds('a s3cr"t-value')).toBe(true);
  expect(holds(JSON.stringify({ a: 's3cr"t-value' }))).toBe(true);
  expect(holds('a s3cr"t-val')).toBe(false);
});

describe('time grows with the text alone', () => {
  const many = Array.from(
    { length: 100 },
    (_, at) => `${(at * 7_919_777).toString(36)}-S3cret/${at}`,
  );
  const { redact } = knowing(...many);
  const took = (text: string): number => {
    const from = performance.now();
    redact(text);
    return performance.now() - from;
  };
  const line = '2026-01-01T00:00:00Z INFO request handled path=/api/v1/orders status=200 ms=12\n';
  test.each([
    ['a log', line.repeat(13_000)],
    ['nothing but escapes', '\\"%41&amp;'.repeat(20_000)],
    [
      'nothing but the beginnings of secrets',
      many
        .map((each) => each.slice(0, 9))
        .join('')
        .repeat(1_100),
    ],
    ['escape sequences', '\u001b['.repeat(500_000)],
    ['one character', 'a'.repeat(1_000_000)],
  ])('%s, against 100 secrets', (_, text) => {
    took(text.slice(0, 10_000));
    expect(took(text)).toBeLessThan(3_000);
  });
});
