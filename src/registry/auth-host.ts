// Where a registry may send a login: to itself, its own domain, or the host that the user has set.
import { getDomain } from 'tldts';
import { type Finding, finding } from '../core/errors.ts';
import { clip, oneLine } from '../core/text.ts';
import { isLoopbackRegistry, isYandexRegistry } from './address.ts';

export interface Asking {
  /** The registry's host, with its port if it has one. */
  readonly host: string;
  readonly username: string;
  /** `registry-auth-host`. */
  readonly authHost?: string | undefined;
}

/**
 * Whether the registry's token issuer at `realm` may receive the login. An IAM token grants access to a whole cloud, so
 * for Yandex's registries it is sent only to Yandex's hosts; a local emulator may stand in for both.
 */
export function mayReceive(realm: URL, asking: Asking): boolean {
  const { host, authHost } = asking;
  if (isLoopbackRegistry(realm.host)) return isLoopbackRegistry(host);
  if (realm.protocol !== 'https:') return false;
  if (isPinned(asking)) return isYandexRegistry(realm.host);
  if (authHost !== undefined && realm.host === authHost.toLowerCase()) return true;
  const own = URL.parse(`https://${host}`)?.hostname ?? '';
  return realm.hostname === own || isSameDomain(realm.hostname, own);
}

/** An emulator's login is also user `iam`. */
const isPinned = ({ host, username }: Asking): boolean =>
  username === 'iam' && (isYandexRegistry(host) || isLoopbackRegistry(host));

/** By the Public Suffix List with its private section: two users of one hosting service are unrelated. */
function isSameDomain(one: string, other: string): boolean {
  const [domain, second] = [one, other].map((each) =>
    getDomain(each, { allowPrivateDomains: true }),
  );
  return typeof domain === 'string' && domain === second;
}

/** The finding if it may not. */
export function strangeRealm(realm: URL, asking: Asking): Finding {
  const { host } = asking;
  const there = clip(oneLine(realm.host), 200);
  const what = `${host} wants its login sent to ${there}, which is not its own; nothing was sent.`;
  const evidence = [`realm: ${clip(oneLine(`${realm.origin}${realm.pathname}`), 300)}`];
  return finding('registry-unauthenticated', what, { evidence, hint: hintFor(realm, asking) });
}

function hintFor(realm: URL, asking: Asking): string {
  if (isPinned(asking)) {
    return `An IAM token goes to Yandex's hosts alone. Check \`registry\`, and the proxy and DNS of the runner: something else answers for ${asking.host}.`;
  }
  if (realm.protocol !== 'https:') return 'A login is sent by https only: correct the registry.';
  return `If that is where this registry checks logins, as a self-hosted GitLab does, set registry-auth-host: ${clip(oneLine(realm.host), 200)}`;
}
