// The forms in which others may say a secret that a run knows, and those that would be a leak.

/** The texts that must not be shown: a key's lines are as secret as the whole. */
export function secretLines(canary: string): readonly string[] {
  const lines = canary.split(/[\r\n]+/).map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('-----'));
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
const apart = (text: string, between: string): string => Array.from(text).join(between);

/** How somebody may write a secret into a text: name → form. */
export const encodings = {
  raw: (secret) => secret,
  line: (secret) => secretLines(secret)[0] ?? secret,
  base64,
  'base64 of a login': (secret) => base64(`robot:${secret}`),
  'base64 inside more': (secret) => base64(`{"x":"${secret}"}`),
  'base64 for addresses': (secret) => Buffer.from(secret).toString('base64url'),
  address: encodeURIComponent,
  json: inJson,
  'json in json': (secret) => inJson(inJson(secret)),
  shell: (secret) => secret.replaceAll("'", `'\\''`),
  yaml: (secret) => secret.replaceAll("'", "''"),
  colours: (secret) => apart(secretLines(secret)[0] ?? '', '\u001b[1m'),
  'zero width': (secret) => apart(secretLines(secret)[0] ?? '', '\u200b'),
} as const satisfies Record<string, (secret: string) => string>;

export type Encoding = keyof typeof encodings;

/** Shorter than this an encoded form meets innocent text by chance. */
const shortest = 6;

/** The part of base64 that is the same whatever stands around it, at each of its three offsets. */
function base64Cores(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].map((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const from = Math.ceil((offset * 8) / 6);
    return whole.slice(from, Math.floor(((offset + bytes.length) * 8) / 6));
  });
}

function formsOf(line: string): readonly string[] {
  const cores = base64Cores(line);
  const derived = [
    ...cores,
    ...cores.map((each) => each.replaceAll('+', '-').replaceAll('/', '_')),
    encodeURIComponent(line),
    inJson(line),
    inJson(inJson(line)),
    encodings.shell(line),
    encodings.yaml(line),
  ];
  return [line, ...derived.filter((each) => each.length >= shortest)];
}

/** Every text that would be a leak of the secret, each once. */
export function tellingForms(canary: string): readonly string[] {
  return [...new Set(secretLines(canary).flatMap(formsOf))];
}
