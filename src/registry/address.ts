// The registry for images: its address, its repositories, and which login it accepts.
import type { Secret } from '../core/secret.ts';

/** Yandex's registries; the first one is the default, the second one closes in December 2026. */
const yandexHosts = ['registry.yandexcloud.net', 'cr.yandex'] as const;

export const defaultRegistryHost = yandexHosts[0];

export interface RegistryAddress {
  /** `registry.yandexcloud.net`, `127.0.0.1:5000`. */
  readonly host: string;
  /** Host and path, to which `/name` is added. */
  readonly prefix: string;
}

export interface Password {
  readonly username: string;
  readonly password: Secret;
}

const pattern =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::\d{1,5})?(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;

/** `host[:port]/path`; undefined if it is not a registry. A first part without a dot is not a host. */
export function registryAddress(text: string): RegistryAddress | undefined {
  const prefix = text.replace(/\/+$/, '');
  const host = prefix.split('/')[0] ?? '';
  const isHost = /[.:]/.test(host) || host === 'localhost';
  return isHost && prefix.length <= 200 && pattern.test(prefix) ? { host, prefix } : undefined;
}

/** Whether it accepts an IAM token as a password. */
export function isYandexRegistry(host: string): boolean {
  return yandexHosts.some((each) => host === each || host.endsWith(`.${each}`));
}

/** Loopback: contacted by plain HTTP, as container engines do. */
export function isLoopbackRegistry(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host);
}

/** The API's base address. */
export function registryUrl(host: string): string {
  return `${isLoopbackRegistry(host) ? 'http' : 'https'}://${host}`;
}

/** The repository for pull requests, which production never reads. */
const proposals = 'pull-requests';

export function repositoryOf(
  { prefix }: RegistryAddress,
  name: string,
  { proposed }: { readonly proposed: boolean },
): string {
  return proposed ? `${prefix}/${proposals}/${name}` : `${prefix}/${name}`;
}
