// The run's own Docker configuration with the registry's login, removed after the run.
import { ActionError, type Finding } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import type { Secret } from '../core/secret.ts';
import type { TokenSource } from '../yandex/token-source.ts';
import type { Password, RegistryAddress } from './address.ts';
import { type RegistryClient, registryClient } from './client.ts';
import { basicAuth, dockerConfig, storedLogin } from './docker-config.ts';

export interface LoginOptions {
  readonly address?: RegistryAddress | undefined;
  /** Absent: the user's own configuration is used. */
  readonly login?: Password | undefined;
  /** User `iam` with these tokens, instead of `login`. */
  readonly tokens?: TokenSource | undefined;
  /** Another host that may see the login. */
  readonly authHost?: string | undefined;
  /** The runner's variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Called before a secret file is created, so that the post step removes it whatever happens. */
  onSecretFile(path: string): void;
}

export interface OpenRegistry {
  /** The folder for `DOCKER_CONFIG` of programs that do not need our login: it has the user's own logins. */
  readonly plainConfig: string;
  /**
   * The same for a program that pulls from, or pushes to, `hosts`: with our login if it is for one of
   * them. Throws ActionError if the registry would have it sent to a foreign host.
   */
  configFor(hosts: readonly (string | undefined)[]): Promise<string>;
  /** The user's own folder, where builders, contexts and plugins are found. */
  readonly userConfig: string;
  /** The client of the configured registry, if there is one. */
  readonly host?: string;
  readonly client?: RegistryClient;
  /** The run's own login for the configured registry. Throws ActionError if there is no token. */
  login(): Promise<Password | undefined>;
  /** The login in the user's own configuration for a host; masked. */
  loginFor(host: string): Password | undefined;
  mask(secret: Secret): void;
  /** Puts a new IAM token into the configuration; false if the login cannot be renewed. */
  renew(): Promise<boolean>;
}

/** A token for a build of this length; the issuer gives at most 12 hours. */
const buildMs = 6 * 3_600_000;

type LoginPorts = Pick<Ports, 'files' | 'http' | 'log'>;

/** Writes the folders (mode 0700, their files 0600). Throws ActionError if no token is available. */
export async function openRegistry(
  options: LoginOptions,
  { files, http, log }: LoginPorts,
): Promise<OpenRegistry> {
  const { address, tokens, environment, authHost } = options;
  const userConfig = environment['DOCKER_CONFIG'] || `${environment['HOME'] ?? ''}/.docker`;
  const existing = await files.read(`${userConfig}/config.json`).catch(() => '');
  const plugins = `${userConfig}/cli-plugins`;
  const makeFolder = async (): Promise<string> => {
    const folder = await files.makeTemp('webgen-deploy-docker-');
    options.onSecretFile(`${folder}/config.json`);
    if ((await files.kind(`${userConfig}/contexts`)) === 'folder') {
      await files.link(`${userConfig}/contexts`, `${folder}/contexts`);
    }
    return folder;
  };
  const plainConfig = await makeFolder();
  await files.write(`${plainConfig}/config.json`, dockerConfig(existing, { plugins }), 0o600);
  const loginFor = async (validForMs: number): Promise<Password | undefined> =>
    tokens ? { username: 'iam', password: await tokens.get(validForMs) } : options.login;
  const hasOwn = address !== undefined && Boolean(tokens ?? options.login);
  const folder = hasOwn ? await makeFolder() : plainConfig;
  const write = async (validForMs: number): Promise<void> => {
    const login = address && (await loginFor(validForMs));
    if (!login) return;
    log.mask(basicAuth(login));
    const text: Secret = dockerConfig(existing, { plugins, own: { host: address.host, login } });
    await files.write(`${folder}/config.json`, text, 0o600);
  };
  await write(buildMs);
  const storedFor = (host: string): Password | undefined => {
    const found = storedLogin(existing, host);
    if (found) for (const each of [found.password, basicAuth(found)]) log.mask(each);
    return found;
  };
  const stored = address && storedFor(address.host);
  const login = async () => (await loginFor(0)) ?? stored;
  const client =
    address && registryClient({ host: address.host, http, login, authHost, mask: log.mask });
  let checked: Promise<Finding | undefined> | undefined;
  return {
    plainConfig,
    async configFor(hosts) {
      if (!hasOwn || !hosts.includes(address.host)) return plainConfig;
      // Programs follow the registry's challenge wherever it points, so it is checked first.
      checked ??= client?.checkRealm();
      const strange = await checked;
      if (strange) throw new ActionError(strange);
      return folder;
    },
    userConfig,
    ...(address && client ? { host: address.host, client } : {}),
    login: async () => {
      const own = await loginFor(0);
      if (own) for (const each of [own.password, basicAuth(own)]) log.mask(each);
      return own;
    },
    loginFor: storedFor,
    mask: log.mask,
    async renew() {
      if (tokens) await write(Number.POSITIVE_INFINITY);
      return tokens !== undefined;
    },
  };
}
