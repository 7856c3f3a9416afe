// The run's own Docker configuration: the user's, plus one login.
import { reveal, Secret } from '../core/secret.ts';
import type { Password } from './address.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The keys that are copied; the others only concern `docker run` and interactive use. */
const kept = [
  'auths',
  'credHelpers',
  'credsStore',
  'HttpHeaders',
  'proxies',
  'currentContext',
  'aliases',
  'features',
  'plugins',
] as const;

export interface OwnLogin {
  readonly host: string;
  readonly login: Password;
}

/**
 * The text of config.json. `existing` is the user's file, empty where there is none; a text that is
 * not JSON is ignored. For the login's host no credential helper is used: one that `yc` configured
 * would refuse our login.
 */
export function dockerConfig(
  existing: string,
  { plugins, own }: { readonly plugins: string; readonly own?: OwnLogin },
): Secret {
  const user = parsed(existing);
  const base = Object.fromEntries(
    kept.flatMap((key) => (user[key] === undefined ? [] : [[key, user[key]]])),
  );
  const dirs = Array.isArray(user['cliPluginsExtraDirs']) ? user['cliPluginsExtraDirs'] : [];
  const config = { ...base, cliPluginsExtraDirs: [plugins, ...dirs] };
  return new Secret(JSON.stringify(own ? withLogin(config, own) : config));
}

function withLogin(config: Fields, { host, login }: OwnLogin): Fields {
  const auths = asFields(config['auths']);
  const helpers = asFields(config['credHelpers']);
  const isAsked = config['credsStore'] !== undefined || Object.hasOwn(helpers, host);
  return {
    ...config,
    auths: { ...auths, [host]: { auth: reveal(basicAuth(login)) } },
    ...(isAsked ? { credHelpers: { ...helpers, [host]: '' } } : {}),
  };
}

/** base64 of `user:password`. */
export function basicAuth({ username, password }: Password): Secret {
  const bytes = new TextEncoder().encode(`${username}:${reveal(password)}`);
  return new Secret(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')));
}

/** The login stored in the file itself for a host; credential helpers are not started here. */
export function storedLogin(existing: string, host: string): Password | undefined {
  const entry = asFields(asFields(parsed(existing)['auths'])[host]);
  const auth = entry['auth'];
  if (typeof auth !== 'string') return undefined;
  const text = decoded(auth);
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  return { username: text.slice(0, colon), password: new Secret(text.slice(colon + 1)) };
}

function decoded(base64: string): string {
  try {
    const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
    return new TextDecoder().decode(bytes).replace(/\0+$/, '');
  } catch {
    return '';
  }
}

function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function parsed(text: string): Fields {
  try {
    return asFields(JSON.parse(text));
  } catch {
    return {};
  }
}
