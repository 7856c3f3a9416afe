// How a kubeconfig's user authenticates: token, token file, password, certificate, or a program.
import type { RequestOptions } from 'node:https';
import { resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { ActionError, finding } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { isFields } from '../kube/json.ts';
import { credentialPlugin } from './credential-plugin.ts';
import { readBounded } from './secret-source.ts';

export interface Login {
  readonly authorization: (refresh: boolean) => Promise<Secret | undefined>;
  readonly clientCertificate: () => Promise<
    { readonly cert: Buffer; readonly key: Buffer } | undefined
  >;
}

export interface LoginParts {
  readonly config: KubeConfig;
  readonly cluster: Cluster;
  readonly user: User;
  /** The user as written in the file: the library drops some of its fields. */
  readonly who: Readonly<Record<string, unknown>>;
  readonly mask: (secret: Secret) => void;
  /** Where relative paths start. */
  readonly folder?: string;
}

/** In kubectl's order: a token file, a token, a program, a password. */
export function loginOf(parts: LoginParts): Login {
  const { user, who, folder } = parts;
  const tokenFile = who['tokenFile'];
  if (typeof tokenFile === 'string') return byFile(resolve(folder ?? '', tokenFile), parts);
  if (user.token) return constant(new Secret(`Bearer ${user.token}`));
  if (user.exec) return byPlugin(parts);
  if (user.authProvider) return byProvider(parts);
  if (!user.username) return constant(undefined);
  const pair = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64');
  return constant(new Secret(`Basic ${pair}`));
}

/** The headers by which one user acts as another. */
export function impersonation(
  who: Readonly<Record<string, unknown>>,
): Record<string, string | readonly string[]> {
  const headers: Record<string, string | readonly string[]> = {};
  const { as: user, 'as-uid': uid, 'as-groups': groups, 'as-user-extra': extra } = who;
  if (typeof user === 'string') headers['Impersonate-User'] = user;
  if (typeof uid === 'string') headers['Impersonate-Uid'] = uid;
  if (Array.isArray(groups)) headers['Impersonate-Group'] = groups.filter(isText);
  for (const [key, values] of Object.entries(isFields(extra) ? extra : {})) {
    const name = `Impersonate-Extra-${encodeURIComponent(key)}`;
    if (Array.isArray(values)) headers[name] = values.filter(isText);
  }
  return headers;
}

const isText = (value: unknown) => typeof value === 'string';

function constant(value: Secret | undefined): Login {
  return { authorization: async () => value, clientCertificate: async () => undefined };
}

/** A token has a few thousand characters; `/dev/zero` has no end. */
const mostBytes = 2 ** 20;

/** Read again every minute, as kubectl does: another program renews the file. */
function byFile(path: string, { user, mask }: LoginParts): Login {
  let known: { readonly value: Secret; readonly at: number } | undefined;
  return {
    clientCertificate: async () => undefined,
    authorization: async (refresh) => {
      const now = performance.now();
      if (known && !refresh && now - known.at < 60_000) return known.value;
      const unreadable = (why: string) => {
        const what = `The token file ${path} of user "${user.name}" cannot be read (${why}).`;
        return new ActionError(finding('input-invalid', what));
      };
      const text = await readBounded(path, mostBytes).catch((error: NodeJS.ErrnoException) => {
        throw unreadable(`${error.code}`);
      });
      if (text === undefined) throw unreadable('larger than 1 MiB');
      mask(new Secret(text.trim()));
      known = { value: new Secret(`Bearer ${text.trim()}`), at: now };
      return known.value;
    },
  };
}

function byPlugin({ cluster, user, folder, mask }: LoginParts): Login {
  const parts = { exec: user.exec, cluster, user: user.name, folder, mask };
  const credential = credentialPlugin(parts);
  return {
    authorization: async (refresh) => (await credential(refresh)).authorization,
    clientCertificate: async () => (await credential(false)).certificate,
  };
}

/** The old auth-provider plugins, handled by the library, since only old files have them. */
function byProvider({ config, user, mask }: LoginParts): Login {
  return {
    clientCertificate: async () => undefined,
    authorization: async () => {
      const options: RequestOptions = {};
      try {
        await config.applyToHTTPSOptions(options);
      } catch {
        // Its errors contain the program's whole output, which may include a token.
        const what = `The auth-provider of user "${user.name}" gave no credentials.`;
        const hint = 'Use a user with a token or an exec plugin; auth-provider is obsolete.';
        throw new ActionError(finding('unauthenticated', what, { hint }));
      }
      const value: unknown = Reflect.get(options.headers ?? {}, 'Authorization');
      if (typeof value !== 'string') return undefined;
      mask(new Secret(value.replace(/^\w+ /, '')));
      return new Secret(value);
    },
  };
}
