// Reads a recorded release from an untrusted Secret: every field within its bounds, or an error.

import type { Repository } from '../core/context.ts';
import { clip, oneLine } from '../core/text.ts';
import { type Fields, isDeeper, isFields } from '../kube/json.ts';
import type { KubeObject } from '../kube/objects.ts';
import type {
  InventoryEntry,
  Origin,
  ReleaseContents,
  ReleaseHead,
  ReleaseState,
} from './record.ts';

/** A record that no deploy would write. */
export class UnfitRecord extends Error {
  override readonly name = 'UnfitRecord';
}

/** The highest release number; also for `to-release`. */
export const mostNumber = 1_000_000;
/** Secrets per release: far more than the largest contents need. */
const mostParts = 32;
/** All annotations of an object together have at most 256 KiB (apimachinery, TotalAnnotationSizeLimitB). */
const mostHeadCharacters = 256 * 1024;
/** Of the decompressed contents. etcd's limit is 1.5 MiB for one object, and few need a tenth of it. */
export const mostBytes = 16 * 1024 * 1024;
/** A text of mostly brackets takes thirty times its size once parsed. */
const mostValues = 4_000_000;
const mostObjects = 10_000;
const mostEntries = 20_000;
/** Each kind in each namespace costs a request. */
const mostPlaces = 2_000;
const mostTimings = 10_000;
const mostImages = 100;
const mostRepositories = 50;
/** The deepest known CRDs have about 60 levels. */
const mostLevels = 200;

const states: readonly string[] = [
  'pending',
  'good',
  'applied',
  'failed',
  'rolled-back',
  'cancelled',
] satisfies readonly ReleaseState[];

/** Throws UnfitRecord. */
export function readHeadText(text: string): ReleaseHead {
  if (text.length > mostHeadCharacters) throw new UnfitRecord('its head is longer than 256 KiB');
  const head = fields(parsed(text, 'its head'), 'its head');
  const { endedAt, of, repository, repositories, branch, confirmed } = head;
  return {
    number: whole(head, 'number', 1, mostNumber),
    state: oneOf(head, 'state', states) as ReleaseState,
    app: words(head, 'app', 63),
    environment: words(head, 'environment', 253),
    startedAt: time(head, 'startedAt'),
    ...(endedAt === undefined ? {} : { endedAt: time(head, 'endedAt') }),
    actor: words(head, 'actor', 300),
    ...sourceIn(head),
    ...(branch === undefined ? {} : { branch: branchIn(head) }),
    ...(confirmed === undefined ? {} : { confirmed: originIn(confirmed) }),
    images: imagesIn(head['images']),
    objects: whole(head, 'objects', 0, mostObjects),
    ...(of === undefined ? {} : { of: whole(head, 'of', 1, mostNumber) }),
    parts: whole(head, 'parts', 1, mostParts),
    ...(repository === undefined ? {} : { repository: repositoryIn(repository, 'repository') }),
    ...(repositories === undefined
      ? {}
      : {
          repositories: list(repositories, 'repositories', mostRepositories).map((each) =>
            repositoryIn(each, 'repositories'),
          ),
        }),
  };
}

/** The decompressed contents. Throws UnfitRecord. */
export function readContentsText(bytes: Uint8Array): ReleaseContents {
  if (bytes.length > mostBytes) throw tooLarge();
  let values = 0;
  for (const byte of bytes) if (byte === comma || byte === bracket || byte === brace) values += 1;
  if (values > mostValues) throw new UnfitRecord(`it has more than ${mostValues} values`);
  const text = new TextDecoder().decode(bytes);
  const contents = fields(parsed(text, 'it'), 'it');
  const { whole: isWhole } = contents;
  if (typeof isWhole !== 'boolean') throw new UnfitRecord('`whole` is neither true nor false');
  const objects = list(contents['objects'], 'objects', mostObjects).map(objectIn);
  const inventory = list(contents['inventory'], 'inventory', mostEntries).map(entryIn);
  const places = [
    ...objects.map(({ apiVersion, kind, metadata }) => [apiVersion, kind, metadata.namespace]),
    ...inventory.map(({ apiVersion, kind, namespace }) => [apiVersion, kind, namespace]),
  ].map((each) => each.join(' '));
  if (new Set(places).size > mostPlaces) {
    throw new UnfitRecord(`it names more than ${mostPlaces} kinds and namespaces`);
  }
  const timings = list(contents['timings'], 'timings', mostTimings).map(timingIn);
  return { objects, inventory, whole: isWhole, timings };
}

const [comma, bracket, brace] = [0x2c, 0x5b, 0x7b];

export const tooLarge = (): UnfitRecord =>
  new UnfitRecord(`it unpacks to more than ${mostBytes / 1024 / 1024} MiB`);

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnfitRecord(`${what} is not JSON`);
  }
}

function fields(value: unknown, at: string): Fields {
  if (!isFields(value)) throw new UnfitRecord(`${at} is not an object`);
  return value;
}

function list(value: unknown, at: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new UnfitRecord(`\`${at}\` is not a list`);
  if (value.length > most) throw new UnfitRecord(`\`${at}\` has more than ${most} items`);
  return value;
}

function whole(from: Fields, at: string, least: number, most: number): number {
  const value = from[at];
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) {
    return value;
  }
  throw new UnfitRecord(
    `\`${at}\` is not a whole number from ${least} to ${most}: ${shown(value)}`,
  );
}

function words(from: Fields, at: string, most: number): string {
  const value = from[at];
  if (typeof value === 'string' && value.length <= most) return value;
  throw new UnfitRecord(`\`${at}\` is not a text of at most ${most} characters: ${shown(value)}`);
}

function oneOf(from: Fields, at: string, allowed: readonly string[]): string {
  const value = words(from, at, 100);
  if (allowed.includes(value)) return value;
  throw new UnfitRecord(`\`${at}\` is none of ${allowed.join(', ')}: ${shown(value)}`);
}

function time(from: Fields, at: string): string {
  const value = words(from, at, 40);
  const written = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(value);
  if (written && Number.isFinite(Date.parse(value))) return value;
  throw new UnfitRecord(`\`${at}\` is not a time: ${shown(value)}`);
}

function matching(value: unknown, pattern: RegExp, at: string): string {
  if (typeof value === 'string' && value.length <= 300 && pattern.test(value)) return value;
  throw new UnfitRecord(`\`${at}\` is malformed: ${shown(value)}`);
}

/** Enough to find the value. */
function shown(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return JSON.stringify(clip(oneLine(value.slice(0, 200)), 80));
  if (value === undefined) return 'it is missing';
  return Array.isArray(value) ? 'a list' : `of the type ${value === null ? 'null' : typeof value}`;
}

const sourceIn = (from: Fields): Pick<Origin, 'commit' | 'runUrl'> => ({
  commit: words(from, 'commit', 100),
  runUrl: words(from, 'runUrl', 1000),
});

/** GitHub accepts no ref of more than 255 bytes. */
const branchIn = (from: Fields): string => words(from, 'branch', 300);

function originIn(value: unknown): Origin {
  const origin = fields(value, '`confirmed`');
  return { ...sourceIn(origin), branch: branchIn(origin) };
}

function imagesIn(value: unknown): Readonly<Record<string, string>> {
  const images = fields(value, '`images`');
  const entries = Object.entries(images);
  if (entries.length > mostImages) throw new UnfitRecord('`images` has more than 100 items');
  if (entries.some(([name]) => name.length > 1000)) throw new UnfitRecord('`images` is malformed');
  return Object.fromEntries(entries.map(([name]) => [name, words(images, name, 2000)]));
}

function repositoryIn(value: unknown, at: string): Repository {
  const { server, id, name } = fields(value, `\`${at}\``);
  return {
    server: matching(server, /^https?:\/\/[A-Za-z0-9.[\]:-]+$/, `${at}.server`),
    ...(id === undefined ? {} : { id: matching(id, /^\d{1,20}$/, `${at}.id`) }),
    name: matching(name, /^[\w.~-]+(?:\/[\w.~-]+)*$/, `${at}.name`),
  };
}

// What may be part of an API path: nothing that leaves its segment.
const version = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\/)?[a-z0-9]{1,63}$/;
const kindName = /^[A-Za-z][A-Za-z0-9]{0,62}$/;
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const segment = /^(?!\.{1,2}$)[^/%\s\p{Cc}]{1,253}$/u;
const uidText = /^[\w-]{1,128}$/;

function objectIn(value: unknown): KubeObject {
  const object = fields(value, 'an object');
  const metadata = fields(object['metadata'], 'the metadata of an object');
  const { namespace, finalizers, ownerReferences } = metadata;
  matching(object['apiVersion'], version, 'apiVersion');
  matching(object['kind'], kindName, 'kind');
  const name = matching(metadata['name'], segment, 'metadata.name');
  if (namespace !== undefined) matching(namespace, label, 'metadata.namespace');
  texts(metadata['labels'], 'metadata.labels');
  texts(metadata['annotations'], 'metadata.annotations');
  for (const each of [finalizers, ownerReferences]) {
    if (each !== undefined && each !== null) list(each, 'metadata', 1000);
  }
  if (isDeeper(object, mostLevels)) {
    throw new UnfitRecord(`${name} has more than ${mostLevels} levels`);
  }
  return object as KubeObject;
}

function texts(value: unknown, at: string): void {
  if (value === undefined) return;
  const found = Object.values(fields(value, `\`${at}\``));
  // kubectl treats null as an absent value.
  if (found.some((each) => typeof each !== 'string' && each !== null)) {
    throw new UnfitRecord(`\`${at}\` holds a value that is not a text`);
  }
}

function entryIn(value: unknown): InventoryEntry {
  const { apiVersion, kind, namespace, name, uid } = fields(value, 'an entry of `inventory`');
  return {
    apiVersion: matching(apiVersion, version, 'inventory.apiVersion'),
    kind: matching(kind, kindName, 'inventory.kind'),
    ...(namespace === undefined
      ? {}
      : { namespace: matching(namespace, label, 'inventory.namespace') }),
    name: matching(name, segment, 'inventory.name'),
    ...(uid === undefined ? {} : { uid: matching(uid, uidText, 'inventory.uid') }),
  };
}

function timingIn(value: unknown): ReleaseContents['timings'][number] {
  const { from, to, ...timing } = fields(value, 'an item of `timings`');
  if (typeof from === 'number' && typeof to === 'number') {
    return { name: words(timing, 'name', 300), from, to };
  }
  throw new UnfitRecord('an item of `timings` has no time');
}
