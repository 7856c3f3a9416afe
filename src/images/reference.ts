// Image references: parsed by the grammar that container runtimes use, never cut at a colon.
import { defined } from '../core/defined.ts';

export interface ImageReference {
  /** `cr.yandex`, `localhost:5000`; absent for `nginx`. */
  readonly registry?: string;
  /** With the registry in front: `localhost:5000/team/app`. */
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:…`. */
  readonly digest?: string;
}

const host =
  /^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagText = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const digestText = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;
// The limit of the distribution project for a name with its registry.
const longestRepository = 255;

/** Undefined: the text is not an image reference. */
export function parseReference(text: string): ImageReference | undefined {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !digestText.test(digest)) return undefined;
  const name = at < 0 ? text : text.slice(0, at);
  // A colon before the last slash belongs to the registry's port.
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  const tag = colon < 0 ? undefined : name.slice(colon + 1);
  if (tag !== undefined && !tagText.test(tag)) return undefined;
  const repository = colon < 0 ? name : name.slice(0, colon);
  const registry = registryOf(repository);
  if (!isRepository(repository, registry)) return undefined;
  return {
    repository,
    ...defined({ registry, tag, digest }),
  };
}

/** The first part is a host if it looks like one: a dot, a port, `localhost`, capitals. */
function registryOf(repository: string): string | undefined {
  const slash = repository.indexOf('/');
  const first = slash < 0 ? '' : repository.slice(0, slash);
  const isHost = /[.:A-Z]/.test(first) || first === 'localhost';
  return isHost ? first : undefined;
}

function isRepository(repository: string, registry: string | undefined): boolean {
  const path = registry === undefined ? repository : repository.slice(registry.length + 1);
  return (
    repository.length <= longestRepository &&
    (registry === undefined || host.test(registry)) &&
    path.split('/').every((part) => component.test(part))
  );
}

/** Without tag and digest it stands for an image that a deploy builds, or names. */
export function isBareName({ tag, digest }: ImageReference): boolean {
  return tag === undefined && digest === undefined;
}

/** The rule of the `images` input: the repository is `name`, or ends in `/name`. */
export function repositoryMatches(repository: string, name: string): boolean {
  return repository === name || repository.endsWith(`/${name}`);
}
