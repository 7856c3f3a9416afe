// The user's own bake definition, as `bake --print` resolves it, turned into one that we can follow.

import { parseReference } from '../images/reference.ts';
import { isDeeper, isFields } from '../kube/json.ts';
import { bakeJson } from './bake-definition.ts';

export interface UserImage {
  /** Bake target. */
  readonly target: string;
  /** The end of its repository. */
  readonly name: string;
  readonly repository: string;
  readonly tags: readonly string[];
  readonly platforms: readonly string[];
  /** Relative to the workspace. */
  readonly dockerfile: string;
}

export interface UserBake {
  readonly images: readonly UserImage[];
  /** Targets without a tag: it is unknown where to push them. */
  readonly untagged: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** bake's own have four. */
const mostLevels = 20;

/** `printed` is the JSON of `docker buildx bake --print`; undefined if it is not valid. */
export function readUserBake(printed: string): UserBake | undefined {
  const root = parsed(printed);
  if (!root) return undefined;
  const all = fields(root['target']);
  const groups = fields(root['group']);
  const wanted = texts(fields(groups['default'])['targets']);
  const names = membersOf(wanted, groups).filter((each) => all[each]);
  const images = names.flatMap((target) => userImage(target, fields(all[target])));
  const untagged = names.filter((name) => !images.some(({ target }) => target === name));
  return { images, untagged };
}

/** A group may hold groups, even itself by mistake: each is visited once. */
function membersOf(names: readonly string[], groups: Fields): readonly string[] {
  const seen = new Set<string>();
  const members = new Set<string>();
  const open = names.toReversed();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const group = groups[name];
    if (!isFields(group) || name === 'default') members.add(name);
    else if (!seen.has(name)) open.push(...texts(group['targets']).toReversed());
    seen.add(name);
  }
  return [...members];
}

function userImage(target: string, definition: Fields): readonly UserImage[] {
  const references = texts(definition['tags']).flatMap((each) => parseReference(each) ?? []);
  const [first] = references;
  if (!first) return [];
  const own = references.filter(({ repository }) => repository === first.repository);
  const context = textOf(definition['context']) || '.';
  const dockerfile = textOf(definition['dockerfile']) || 'Dockerfile';
  return [
    {
      target,
      name: first.repository.slice(first.repository.lastIndexOf('/') + 1),
      repository: first.repository,
      tags: own.map(({ tag }) => tag ?? 'latest'),
      platforms: texts(definition['platforms']),
      dockerfile: [context, dockerfile].filter((part) => part !== '.').join('/'),
    },
  ];
}

export interface Overrides {
  readonly labels: Readonly<Record<string, string>>;
  /** Target → full references, instead of the user's own; for pull requests. */
  readonly tags?: Readonly<Record<string, readonly string[]>>;
}

/** The same definition, pushed, with our labels; the user's own labels take precedence. */
export function withOverrides(
  printed: string,
  { images }: UserBake,
  { labels, tags }: Overrides,
): string {
  const root = parsed(printed) ?? {};
  const all = fields(root['target']);
  const changed = images.map(({ target }) => {
    const own = tags?.[target];
    const definition = own ? ownCaches(fields(all[target])) : fields(all[target]);
    return [
      target,
      {
        ...definition,
        labels: { ...labels, ...fields(definition['labels']) },
        ...(own ? { tags: own } : {}),
        output: ['type=image,push=true'],
      },
    ] as const;
  });
  const group = { default: { targets: images.map(({ target }) => target) } };
  return bakeJson({ group, target: { ...all, ...Object.fromEntries(changed) } });
}

/** A pull request writes no cache that production reads; GitHub's cache separates branches itself. */
function ownCaches(definition: Fields): Fields {
  const { 'cache-to': given, ...rest } = definition;
  const kept = (Array.isArray(given) ? given : []).filter((each) =>
    isFields(each) ? each['type'] === 'gha' : /(?:^|,)type=gha(?:,|$)/.test(textOf(each)),
  );
  return kept.length > 0 ? { ...rest, 'cache-to': kept } : rest;
}

function parsed(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) && !isDeeper(value, mostLevels) ? value : undefined;
  } catch {
    return undefined;
  }
}

const fields = (value: unknown): Fields => (isFields(value) ? value : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
