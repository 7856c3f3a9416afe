// Resolves base images in their registries, so that a new base image means a new build.

import type { Http } from '../core/ports.ts';
import { parseReference } from '../images/reference.ts';
import { hubPath, type RegistryClient, registryClient } from '../registry/client.ts';
import type { OpenRegistry } from '../registry/login.ts';

/**
 * The current `sha256:…` of a reference, from whatever registry it names; undefined if that does not answer.
 * Each reference is looked up once, by a HEAD request, which Docker Hub does not count as a pull.
 */
export function baseImages(
  registry: OpenRegistry,
  http: Http,
): (reference: string) => Promise<string | undefined> {
  const clients = new Map<string, RegistryClient>();
  const known = new Map<string, Promise<string | undefined>>();
  const clientOf = (host: string): RegistryClient => {
    const own = host === registry.host ? registry.client : undefined;
    const login = async () => registry.loginFor(host);
    const client =
      own ?? clients.get(host) ?? registryClient({ host, http, login, mask: registry.mask });
    clients.set(host, client);
    return client;
  };
  const lookUp = async (text: string): Promise<string | undefined> => {
    const parsed = parseReference(text);
    if (!parsed) return undefined;
    if (parsed.digest) return parsed.digest;
    const host = parsed.registry ?? 'docker.io';
    const path = parsed.registry ? parsed.repository : hubPath(parsed.repository);
    const repository = parsed.registry ? path : `${host}/${path}`;
    const found = await clientOf(host)
      .find(repository, parsed.tag ?? 'latest')
      .catch(() => undefined);
    return found?.digest;
  };
  return (reference) => {
    const asked = known.get(reference) ?? lookUp(reference);
    known.set(reference, asked);
    return asked;
  };
}
