// Parses a service account's authorized key in every form that people paste; never shows any part of it.
import { type Reader, refuse } from '../core/readers.ts';
import { Secret } from '../core/secret.ts';
import { type Fields, isFields } from '../kube/json.ts';
import type { ServiceAccountKey } from './credentials.ts';

const create = 'yc iam key create --service-account-name <name> --output key.json';
const recreate = `Make a key with: ${create}, and paste the whole file.`;

function decodeBase64(text: string): string | undefined {
  const compact = text.replaceAll(/\s/g, '');
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(compact)) return undefined;
  try {
    return atob(compact.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return undefined;
  }
}

/** The object in the text: plain or base64, with or without a line of text before its brace. */
function parseFields(text: string): Fields | undefined {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  const plain = /^(?:PLEASE DO NOT[^\n]*\n\s*)?\{/.test(trimmed) ? trimmed : decodeBase64(trimmed);
  if (plain === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(plain.slice(Math.max(plain.indexOf('{'), 0)));
  } catch {
    // The parser's message quotes the text, so it is dropped.
    return undefined;
  }
  if (!isFields(parsed)) return undefined;
  // The REST API's answer has the public fields under `key` and the private key next to it.
  return isFields(parsed['key']) ? { ...parsed['key'], ...parsed, key: undefined } : parsed;
}

function text(fields: Fields, ...names: readonly string[]): string {
  const found = names.map((name) => fields[name]).find((value) => typeof value === 'string');
  return typeof found === 'string' ? found.trim() : '';
}

/** The private key's text in a readable key file, for masking; undefined where there is none. */
export function privateKeyText(keyFile: string): string | undefined {
  const fields = parseFields(keyFile);
  const found = fields ? text(fields, 'private_key', 'privateKey') : '';
  return found === '' ? undefined : unescaped(found);
}

/** A key that was passed through a shell often has its line breaks as the two characters `\n`. */
const unescaped = (pem: string) => (pem.includes('\n') ? pem : pem.replaceAll('\\n', '\n'));

const armour = /-----BEGIN ([A-Z ]+)-----([\s\S]*?)-----END \1-----/;

/** Why the PEM is unusable, or its canonical text without anything before the armour. */
function canonical(pem: string): { readonly wrong: string } | { readonly pem: string } {
  const [, type = '', body = ''] = armour.exec(pem) ?? [];
  if (type === '') return { wrong: 'has a private key without its BEGIN and END lines' };
  if (type !== 'PRIVATE KEY') return { wrong: 'has a private key that is not plain PKCS#8' };
  const compact = body.replaceAll(/\s/g, '');
  const der = decodeBase64(compact) ?? '';
  // A DER sequence of RSA size has its length in two bytes, so a truncated key is detected here.
  const length = (der.charCodeAt(2) << 8) + der.charCodeAt(3) + 4;
  if (!der.startsWith('\x30\x82') || der.length !== length) {
    return { wrong: 'has a private key that is damaged or cut short' };
  }
  const lines = compact.match(/.{1,64}/g) ?? [];
  return {
    pem: ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n'),
  };
}

function wrongText(given: string): readonly [string, string] {
  const trimmed = given.trim();
  if (trimmed.startsWith('-----BEGIN') || trimmed.startsWith('PLEASE DO NOT')) {
    return ['is a private key alone, not the key file', recreate];
  }
  if (/^(?:t1\.|y[0-3]_)/.test(trimmed)) {
    return ['is a token, not a key file', 'Pass an IAM token as `yc-iam-token`.'];
  }
  if (trimmed.includes('{'))
    return ['is not valid JSON', `Paste the key file unchanged. ${recreate}`];
  return ['is neither JSON nor base64 of JSON', recreate];
}

/** Pretty, one line or base64; snake or camel case; the REST answer too. Never echoes the text. */
export const serviceAccountKey: Reader<ServiceAccountKey> = (given, name) => {
  const fields = parseFields(given);
  if (!fields) return refuse(name, ...wrongText(given));
  const id = text(fields, 'id');
  const serviceAccountId = text(fields, 'service_account_id', 'serviceAccountId');
  const pem = text(fields, 'private_key', 'privateKey');
  if (!serviceAccountId && text(fields, 'user_account_id', 'userAccountId')) {
    const what = 'is the key of a user account, which cannot be exchanged for a token';
    return refuse(name, what, `Use a service account. ${recreate}`);
  }
  const values = { id, service_account_id: serviceAccountId, private_key: pem };
  const missing = Object.entries(values).filter(([, value]) => value === '');
  if (missing.length > 0) {
    return refuse(name, `lacks ${missing.map(([key]) => `\`${key}\``).join(', ')}`, recreate);
  }
  if (![id, serviceAccountId].every((each) => /^[A-Za-z0-9_-]{1,64}$/.test(each))) {
    return refuse(name, 'has an id that is not a Yandex Cloud id', recreate);
  }
  const key = canonical(unescaped(pem));
  if ('wrong' in key) return refuse(name, key.wrong, recreate);
  return { value: { id, serviceAccountId, privateKey: new Secret(key.pem) } };
};
