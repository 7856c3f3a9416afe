// What a kubeconfig's text contains, read without connecting: its contexts, its secrets, its programs.

import { type Reader, refuse } from '../core/readers.ts';
import { Secret } from '../core/secret.ts';
import { readYaml } from '../core/small-yaml.ts';
import { type Fields, isFields } from '../kube/json.ts';

export interface NamedFile {
  /** `tokenFile`. */
  readonly field: string;
  readonly path: string;
}

export interface KubeconfigFacts {
  readonly contexts: readonly string[];
  readonly currentContext?: string;
  /** A user of it gets its token from a program (`exec`) or an auth provider. */
  readonly startsPrograms: boolean;
  /** Files that it names, as written: `tokenFile` and certificates. */
  readonly files: readonly NamedFile[];
  /** Plain texts that must be masked: tokens, passwords, keys. */
  readonly secrets: readonly string[];
}

const records = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.filter(isFields) : [];

const within = (value: unknown, key: string): Fields => {
  const found = isFields(value) ? value[key] : undefined;
  return isFields(found) ? found : {};
};

const strings = (values: readonly unknown[]): readonly string[] =>
  values.filter((value) => typeof value === 'string' && value !== '') as readonly string[];

function decoded(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (each) => each.charCodeAt(0)));
  } catch {
    return '';
  }
}

function secretsOf(user: Fields): readonly string[] {
  const provider = within(user['auth-provider'], 'config');
  const key = strings([user['client-key-data']]);
  return strings([
    user['token'],
    user['password'],
    ...key,
    ...key.map(decoded),
    provider['access-token'],
    provider['id-token'],
    provider['refresh-token'],
    provider['client-secret'],
    ...pluginSecrets(within(user, 'exec')),
  ]);
}

/** A login program's arguments and variables, except what is plainly a name, a flag or a path. */
function pluginSecrets(exec: Fields): readonly unknown[] {
  const given: readonly unknown[] = Array.isArray(exec['args']) ? exec['args'] : [];
  const args = given.map(textOf);
  const words = args.map((each, at) => {
    const [, flag, value] = /^(--?[\w.-]+)=(.*)$/s.exec(each) ?? [];
    return flag === undefined ? { name: args[at - 1] ?? '', value: each } : { name: flag, value };
  });
  const flags: readonly Fields[] = words.map(({ name, value }) => ({
    name: /^-/.test(name) ? name : '',
    value,
  }));
  return [...records(exec['env']), ...flags].flatMap((each) => {
    const [name, value] = [textOf(each['name']), textOf(each['value'])];
    const isSecret = sensitive.test(name) ? !isFlag(value) : !isPlain(value);
    return isSecret ? [value] : [];
  });
}

/** A number may be a password; a list or a map is not. */
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

const sensitive = /token|secret|passw|pwd|key|credential/i;
const isFlag = (value: string): boolean => /^--?[\w.-]+$/.test(value);

/** Words with hyphens and short numbers, flags, paths, addresses without a login, versions. */
function isPlain(value: string): boolean {
  if (value.length < 8 || isFlag(value)) return true;
  if (/^(?:~|\.{0,2})\/[\w./-]*$|^https?:\/\/[\w.:/-]*$/.test(value)) return true;
  return /^[A-Za-z]+(?:[-_./:][A-Za-z]*\d{0,4})*$/.test(value);
}

/** The login in an address, encoded and decoded, and as the base64 that is sent to a proxy. */
export function addressSecrets(address: unknown): readonly string[] {
  const text = typeof address === 'string' ? address : '';
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (!url?.password) return [];
  const login = text.slice(
    text.indexOf('://') < 0 ? 0 : text.indexOf('://') + 3,
    text.lastIndexOf('@'),
  );
  const written = login.slice(login.indexOf(':') + 1);
  const [user, password] = [url.username, url.password].map(percentDecoded);
  return strings([written, url.password, password, btoaUtf8(`${user}:${password}`)]);
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const btoaUtf8 = (text: string): string =>
  btoa(Array.from(new TextEncoder().encode(text), (each) => String.fromCharCode(each)).join(''));

const fileFields = ['tokenFile', 'client-certificate', 'client-key', 'certificate-authority'];

function filesOf(parts: readonly Fields[]): readonly NamedFile[] {
  return parts.flatMap((part) =>
    fileFields.flatMap((field) => strings([part[field]]).map((path) => ({ field, path }))),
  );
}

/** Reads YAML or JSON; undefined if the text is not a kubeconfig. */
export function readKubeconfig(text: string): KubeconfigFacts | undefined {
  const read = readYaml(text);
  if ('problem' in read) return undefined;
  const parsed = read.yaml.value;
  if (!isFields(parsed) || !Array.isArray(parsed['clusters'])) return undefined;
  const users = records(parsed['users']).map((each) => within(each, 'user'));
  const clusters = records(parsed['clusters']).map((each) => within(each, 'cluster'));
  const [currentContext] = strings([parsed['current-context']]);
  return {
    contexts: strings(records(parsed['contexts']).map((each) => each['name'])),
    ...(currentContext === undefined ? {} : { currentContext }),
    startsPrograms: users.some((user) => isFields(user['exec']) || isFields(user['auth-provider'])),
    files: filesOf([...clusters, ...users]),
    secrets: [
      ...users.flatMap(secretsOf),
      ...clusters.flatMap((each) => addressSecrets(each['proxy-url'])),
    ],
  };
}

/** The kubeconfig in an input's text, plain or base64; undefined if it is something else. */
export function kubeconfigText(text: string): string | undefined {
  const compact = text.replaceAll(/\s/g, '');
  const base64 = /^[A-Za-z0-9+/]{40,}={0,2}$/.test(compact);
  const plain = base64 ? decoded(compact) : text;
  return readKubeconfig(plain) ? plain : undefined;
}

export type KubeconfigInput =
  | { readonly path: string }
  | { readonly text: Secret; readonly facts: KubeconfigFacts };

/** A path, the text, or base64 of the text: the content decides. */
export const kubeconfig: Reader<KubeconfigInput> = (given, name) => {
  const text = kubeconfigText(given);
  const facts = text === undefined ? undefined : readKubeconfig(text);
  if (text !== undefined && facts) return { value: { text: new Secret(text), facts } };
  const hint = 'Give a path, the whole text of a kubeconfig, or base64 of that text.';
  // Longer than any real path and only base64 characters: a damaged secret, not a path.
  const damaged = given.length > 200 && /^[A-Za-z0-9+/=]+$/.test(given);
  if (/[\n\r\0{}]|: /.test(given) || damaged || given.length > 1024) {
    return refuse(name, 'is not a path and cannot be read as a kubeconfig with `clusters`', hint);
  }
  return { value: { path: given } };
};
