// Which texts the log must never show, collected before anything else reads the inputs.

import { type Finding, finding } from '../core/errors.ts';
import { invalid } from '../core/readers.ts';
import { reveal, Secret } from '../core/secret.ts';
import { base64 } from '../core/text.ts';
import type { ImageBuild } from '../images/request.ts';
import { privateKeyText } from '../yandex/service-account-key.ts';
import type { InputName } from './contract.ts';
import { addressSecrets, kubeconfigText, readKubeconfig } from './kubeconfig.ts';
import type { RawInputs } from './raw.ts';
import { readSecretsText } from './secret-lines.ts';

/** The inputs whose text is never shown, not even partly. */
export const secretInputs = [
  'yc-sa-json-credentials',
  'yc-iam-token',
  'kubeconfig',
  'secrets',
  'github-token',
  'registry-password',
] as const satisfies readonly InputName[];

// Masking these would blank out half of every log and protect nothing.
const common = new Set(
  `true false null none yes no on off auto default localhost admin root user test http https
  production staging development debug info warn error enabled disabled`.split(/\s+/),
);
const structure = /^[\s{}[\](),:;"'`=.*#_-]*$|^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/;

/** Under four characters, a small number, punctuation or an everyday word is not maskable. */
function maskable(line: string): boolean {
  const bare = line.trim();
  if (bare.length < 4 || structure.test(bare) || /^\d{1,5}$/.test(bare)) return false;
  return !common.has(bare.toLowerCase());
}

/** Line by line: given a multi-line text, the runner would mask every line, even a lone `{`. */
function lines(text: string, min = 4): readonly string[] {
  const all = text.split(/\r\n|\r|\n/).map((line) => line.trim());
  return all.filter((line) => line.length >= min && maskable(line));
}

function fromKey(text: string): readonly string[] {
  const key = privateKeyText(text);
  const whole = text.includes('{') ? [] : lines(text, 8);
  if (key !== undefined) {
    return [...whole, ...lines(key, 8).filter((line) => !line.startsWith('PLEASE DO NOT'))];
  }
  // Not parseable, so any long word in it may be the key.
  return [...lines(text, 8), ...(text.match(/[A-Za-z0-9+/=]{16,}/g) ?? [])];
}

function fromKubeconfig(text: string): readonly string[] {
  const plain = kubeconfigText(text);
  if (plain !== undefined) {
    const found = (readKubeconfig(plain)?.secrets ?? []).flatMap((each) =>
      lines(each, each.includes('\n') ? 8 : 4),
    );
    return plain === text ? found : [...found, ...lines(text, 8)];
  }
  return /[\n{]/.test(text) || text.length > 200 ? lines(text, 16) : [];
}

function fromSecrets(text: string): readonly string[] {
  const { form, entries } = readSecretsText(text);
  const found = entries.flatMap(({ value }) => {
    const each = lines(value);
    return each.length > 0 && value.length >= 8 ? [...each, base64(value)] : each;
  });
  // The rest of a broken multi-line value can look like other entries, so every line counts then.
  const broken = entries.some(({ target, value }) => !target || value === '');
  return broken || form !== 'plain' ? [...found, ...lines(text, 8)] : found;
}

/** Verbatim, and as encoded in Docker's configuration and in the HTTP header. */
function fromPassword(username: string, password: string): readonly string[] {
  const plain = lines(password);
  return plain.length > 0 && username ? [...plain, base64(`${username}:${password}`)] : plain;
}

/** Every text to register with the runner's masker, each a single line, before any other output. */
export function secretsToMask(raw: RawInputs): readonly Secret[] {
  const text = (name: InputName) => (raw[name] ?? '').trim();
  const texts = [
    ...fromKey(text('yc-sa-json-credentials')),
    ...lines(text('yc-iam-token')),
    ...lines(text('github-token')),
    ...fromPassword(text('registry-username'), text('registry-password')),
    ...fromKubeconfig(text('kubeconfig')),
    ...fromSecrets(raw['secrets'] ?? ''),
  ];
  return [...new Set(texts)].map((each) => new Secret(each));
}

/** Proxy passwords: a program that cannot reach its proxy prints the whole address. */
export function environmentSecrets(
  environment: Readonly<Record<string, string | undefined>>,
): readonly Secret[] {
  const addresses = Object.entries(environment).filter(([name]) =>
    /^(?:https?|all)_proxy$/i.test(name),
  );
  const found = addresses.flatMap(([, address]) => addressSecrets(address));
  return [...new Set(found)].filter((each) => maskable(each)).map((each) => new Secret(each));
}

/** A shorter secret may be part of a value by chance, so it counts only as the whole value. */
const shortest = 12;

/** Build arguments stay readable in the image, so none may contain a secret. */
export function exposedIn(
  images: readonly ImageBuild[],
  secrets: readonly Secret[],
): readonly Finding[] {
  const texts = secrets.flatMap((each) => lines(reveal(each)));
  return images.flatMap(({ name, buildArgs }) =>
    Object.entries(buildArgs).flatMap(([key, value]) => {
      const is = texts.includes(value.trim());
      const has = texts.some((each) => each.length >= shortest && value.includes(each));
      if (!is && !has) return [];
      const which = is ? 'whose value is a secret' : 'whose value contains a secret';
      const what = `of \`${name}\` has the build-arg \`${key}\`, ${which}: it would stay in the image`;
      return [invalid('build', what, 'Use `secrets` of the image, and RUN --mount=type=secret.')];
    }),
  );
}

/** The texts to mask of a kubeconfig that was read from a file. */
export function kubeconfigSecrets(text: string): readonly Secret[] {
  return [...new Set(fromKubeconfig(text))].map((each) => new Secret(each));
}

/** A note for each value of `secrets` that cannot be hidden in a log. */
export function maskingNotes(raw: RawInputs): readonly Finding[] {
  const { form, entries } = readSecretsText(raw['secrets'] ?? '');
  const inside = form === 'base64' ? ' of the decoded text' : '';
  const bare = entries.filter(
    ({ value, target }) => target && value.trim() !== '' && lines(value).length === 0,
  );
  return bare.map(({ line }) =>
    finding(
      'input-invalid',
      `Input \`secrets\` line ${line}${inside} has a value too short or too common to be masked.`,
      { severity: 'note', hint: 'Use a longer value if it must stay hidden in logs.' },
    ),
  );
}
