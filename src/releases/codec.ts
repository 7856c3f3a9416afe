// Encodes a release as Secrets and back: the head in an annotation, the contents compressed and split.
import { gunzipSync, gzipSync } from 'node:zlib';
import { ActionError, finding } from '../core/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import { labelValue } from '../kube/objects.ts';
import {
  mostBytes,
  readContentsText,
  readHeadText,
  tooLarge,
  UnfitRecord,
} from './read-release.ts';
import type { Release, ReleaseContents, ReleaseHead } from './record.ts';

const releaseType = 'webgen-deploy/release';
const headAnnotation = 'webgen-deploy/release';
const numberLabel = 'webgen-deploy/release';

// The API's limit for a Secret's data is 1 MiB.
const partBytes = 700 * 1024;
const mostImages = 100;

/** Dots, which no application's name contains, so that names cannot collide. */
export function secretName(app: string, number: number, part: number): string {
  const name = `webgen-deploy.${app}.${number}`;
  return part === 1 ? name : `${name}.${part}`;
}

/** Selects every part of every release of the application. */
export function selectorOf(app: string) {
  const labels = [`app.kubernetes.io/part-of=${labelValue(app)}`, numberLabel];
  return { labelSelector: labels.join(','), fieldSelector: `type=${releaseType}` };
}

/**
 * The Secrets of a release, the first one with its head. Throws ActionError `release-invalid` if it is larger
 * than what is read back.
 */
export function encode(release: Release, namespace: string): readonly KubeObject[] {
  const { head, contents } = release;
  const text = Buffer.from(JSON.stringify(contents));
  if (text.length > mostBytes) throw new ActionError(notRecorded(release, text.length));
  const bytes = gzipSync(text);
  const count = Math.max(1, Math.ceil(bytes.length / partBytes));
  return Array.from({ length: count }, (_, at) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secretName(head.app, head.number, at + 1),
      namespace,
      labels: {
        'app.kubernetes.io/managed-by': 'webgen-deploy',
        'app.kubernetes.io/part-of': labelValue(head.app),
        [numberLabel]: String(head.number),
      },
      ...(at === 0 ? { annotations: headNote({ ...head, parts: count }) } : {}),
    },
    type: releaseType,
    data: { release: bytes.subarray(at * partBytes, (at + 1) * partBytes).toString('base64') },
  }));
}

/** The annotation that contains the head. */
export function headNote(head: ReleaseHead): Readonly<Record<string, string>> {
  const images = Object.fromEntries(Object.entries(head.images).slice(0, mostImages));
  return { [headAnnotation]: JSON.stringify({ ...head, images }) };
}

/** Larger than one record: reported before the first write, since it could never be restored. */
function notRecorded({ head, contents }: Release, bytes: number) {
  const [size, most] = [bytes, mostBytes].map((each) => Math.round(each / 1024 / 1024));
  const count = contents.objects.length;
  const what = `The ${count} objects of ${head.app} are ${size} MiB, and a release holds ${most} MiB.`;
  const hint =
    'Deploy them as several applications: each with its own `app`, and a part of `manifests`.';
  return finding('release-invalid', what, { hint });
}

/** A release's head, or why a Secret with a release's name has none. */
export type ReadHead =
  | { readonly head: ReleaseHead }
  | { readonly secret: string; readonly number?: number; readonly problem: string };

/** Undefined for later parts, and for Secrets that are not releases of this application. */
export function readHead(secret: KubeObject, app: string): ReadHead | undefined {
  const { name, annotations } = secret.metadata;
  const text = annotations?.[headAnnotation];
  const number = numberIn(name, app);
  if (number === undefined && !claims(text, name, app)) return undefined;
  try {
    if (typeof text !== 'string') throw new UnfitRecord('it has no head');
    const head = readHeadText(text);
    if (head.app !== app) throw new UnfitRecord('its head is of another application');
    if (head.number === number) return { head };
    throw new UnfitRecord(`its head has the number ${head.number}, which its name has not`);
  } catch (error) {
    if (!(error instanceof UnfitRecord)) throw error;
    return { secret: name, ...(number === undefined ? {} : { number }), problem: error.message };
  }
}

const prefixOf = (app: string): string => `webgen-deploy.${app}.`;

/** The number in a first part's name. */
function numberIn(name: string, app: string): number | undefined {
  const before = prefixOf(app);
  const rest = name.startsWith(before) ? name.slice(before.length) : '';
  return /^[1-9]\d{0,6}$/.test(rest) ? Number(rest) : undefined;
}

/** A head under a name that is not a release's: ours by the name, or by its contents. */
function claims(text: unknown, name: string, app: string): boolean {
  if (text === undefined) return false;
  if (name.startsWith(prefixOf(app))) return true;
  try {
    return typeof text === 'string' && readHeadText(text).app === app;
  } catch (error) {
    if (error instanceof UnfitRecord) return false;
    throw error;
  }
}

/** Undefined for everything that is not a readable release of this application. */
export function headOf(secret: KubeObject, app: string): ReleaseHead | undefined {
  const read = readHead(secret, app);
  return read && 'head' in read ? read.head : undefined;
}

/** Throws UnfitRecord if the parts are not what was written. */
export function decode(parts: readonly KubeObject[]): ReleaseContents {
  const bytes = parts.map((each) => {
    const { release } = (each['data'] ?? {}) as { readonly release?: unknown };
    if (typeof release === 'string') return Buffer.from(release, 'base64');
    throw new UnfitRecord(`${each.metadata.name} holds no part of a release`);
  });
  return readContentsText(unpacked(Buffer.concat(bytes)));
}

/** Stops as soon as there is more than a release may have. */
function unpacked(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new UnfitRecord('it is not compressed as a release is');
  }
}
