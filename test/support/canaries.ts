// Secrets of many shapes, and the forms in which programs repeat them: for tests of redaction.

/** Forty secrets; each may be a value of the `secrets` input. No two share six characters. */
export const canaries: readonly string[] = [
  'k7Qz!m',
  'Zt9#wP',
  'aB3$xY',
  '8f2e1d',
  'pq-7rv',
  'Wm4xk2L',
  'c0rrect-h0rse',
  'battery staple with spaces',
  '100%sure%20of%41it',
  '%%percent%%',
  'a"quoted"one',
  "it's o'clock'now",
  '`back`tick$(sub)',
  '::set-output name=x::y7',
  '##[error]like9',
  'back\\slash\\n\\t9',
  '{"json":"inside7","b":[1]}',
  'yaml: value # not a comment5',
  '- dash first8',
  '&anchor *alias7',
  '<b>html</b>&amp;6',
  'grüße-aus-köln',
  'пароль-секретный',
  '密码密码秘密',
  'emoji🚀🔑pass',
  '+plus/slash==3',
  'url?q=a&b=c#frag4',
  'user:p@ss:w0rd',
  'postgres://app:Pg5wD_1@db.internal:5432/shop',
  'ghs_16C7e42F292c6912E7710c838347Ae178B4a',
  't1.9euelZqXmJ3Ly5GYzZ2Nk5OUi8qVmpSWye3rnpWa',
  'eyJraWQiOiJjYW5hcnkifQ.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJlLW9mLWNhbmFyeQ',
  'AKIAIOSFODNN7EXAMPLE',
  'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  '6f1ed002ab5595859014ebf0951522d9',
  'tab\tin\tthe-middle2',
  '***stars***9',
  'ends-with-a-newline5\n',
  'first line of two1\r\nsecond line of two1',
  `-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj
MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu
NMoSfm76oqFvAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s+CLOyS56YyCFGeJZ
-----END PRIVATE KEY-----
`,
];

const bytes = (text: string) => Buffer.from(text);

/** Eight encodings, each in a little text of its own, as programs quote what they were given. */
export const encodings: Readonly<Record<string, (secret: string) => string>> = {
  raw: (secret) => `said ${secret} twice`,
  'base64 at three offsets': (secret) =>
    ['', 'x', 'xy'].map((head) => bytes(head + secret).toString('base64')).join(' '),
  'base64 of user and password': (secret) =>
    `Basic ${bytes(`deployer:${secret}`).toString('base64')} ${bytes(secret).toString('base64url')}`,
  URL: (secret) => {
    // An address holds no half of a character.
    const form = new URLSearchParams({ q: secret }).toString();
    const lower = encodeURIComponent(secret).replaceAll(/%[0-9A-F]{2}/g, (hex) =>
      hex.toLowerCase(),
    );
    return `https://x/?q=${encodeURIComponent(secret)} ${form} https://x/#${lower}`;
  },
  JSON: (secret) => {
    const once = JSON.stringify({ said: secret });
    const go = once.replaceAll(
      /[<>&]/g,
      (each) => `\\u00${each.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
    return `${once} ${go} ${JSON.stringify(once)}`;
  },
  shell: (secret) =>
    `echo '${secret.replaceAll("'", "'\\''")}' ${secret.replaceAll(/[^A-Za-z0-9_\n]/gu, '\\$&')}`,
  YAML: (secret) =>
    `a: '${secret.replaceAll("'", "''")}'\nb: |\n    ${secret.replaceAll('\n', '\n    ')}\n`,
  split: (secret) => [...secret].join('\u200b') + [...secret].join('\u001b[31m'),
};

/** What of a secret must not be readable: whole lines of it, in plain text and each encoding. */
export function tracesOf(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= 6 && !/^-----/.test(line));
  return lines.flatMap((line) => [
    line,
    // Whole groups of three bytes: what stays the same wherever it begins.
    ...[0, 1, 2].map((skip) => {
      const part = bytes(line).subarray(skip);
      return part.subarray(0, part.length - (part.length % 3)).toString('base64');
    }),
    encodeURIComponent(line),
    JSON.stringify(line).slice(1, -1),
    line.replaceAll("'", "'\\''"),
    line.replaceAll("'", "''"),
  ]);
}

/** Text as a person sees it: without colours and characters that show nothing. */
export function asSeen(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what we look for.
  return text.replaceAll(/\u001b\[[0-9;]*m|[\u200b\u00ad\ufeff]/g, '');
}
