// A release as Secrets and back: the head in an annotation, the contents compressed and split.
import { gunzipSync, gzipSync } from 'node:zlib';
import type { KubeObject } from '../cluster/objects.ts';
import { labelValue } from '../manifests/transform.ts';
import type { Release, ReleaseContents, ReleaseHead } from './record.ts';

export const releaseType = 'webgen-deploy/release';
const headAnnotation = 'webgen-deploy/release';
const numberLabel = 'webgen-deploy/release';

// The API takes 1 MiB of a Secret's data.
const partBytes = 700 * 1024;
const mostImages = 100;

/** Dots: no application's name has one, so no two names can meet. */
export function secretName(app: string, number: number, part: number): string {
  const name = `webgen-deploy.${app}.${number}`;
  return part === 1 ? name : `${name}.${part}`;
}

/** Selects every part of every release of the application. */
export function selectorOf(app: string) {
  const labels = [`app.kubernetes.io/part-of=${labelValue(app)}`, numberLabel];
  return { labelSelector: labels.join(','), fieldSelector: `type=${releaseType}` };
}

/** The Secrets of a release, the first one with its head. */
export function encode(release: Release, namespace: string): readonly KubeObject[] {
  const { head, contents } = release;
  const bytes = gzipSync(JSON.stringify(contents));
  const count = Math.max(1, Math.ceil(bytes.length / partBytes));
  const images = Object.fromEntries(Object.entries(head.images).slice(0, mostImages));
  const note = JSON.stringify({ ...head, images, parts: count });
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
      ...(at === 0 ? { annotations: { [headAnnotation]: note } } : {}),
    },
    type: releaseType,
    data: { release: bytes.subarray(at * partBytes, (at + 1) * partBytes).toString('base64') },
  }));
}

/** Undefined for later parts, and for what is no release of this application's. */
export function headOf(secret: KubeObject, app: string): ReleaseHead | undefined {
  const text = secret.metadata.annotations?.[headAnnotation];
  if (text === undefined) return undefined;
  try {
    const head: unknown = JSON.parse(text);
    return isHead(head) && head.app === app ? head : undefined;
  } catch {
    return undefined; // Somebody else's, or broken by hand: not a release.
  }
}

function isHead(value: unknown): value is ReleaseHead {
  if (typeof value !== 'object' || value === null) return false;
  const { number, state, app, parts } = value as Record<string, unknown>;
  const texts = typeof state === 'string' && typeof app === 'string';
  return texts && Number.isInteger(number) && Number.isInteger(parts);
}

/** Throws an Error where the parts are not what was written. */
export function decode(parts: readonly KubeObject[]): ReleaseContents {
  const bytes = parts.map((each) => {
    const { release = '' } = (each['data'] ?? {}) as { readonly release?: string };
    return Buffer.from(release, 'base64');
  });
  return JSON.parse(gunzipSync(Buffer.concat(bytes)).toString('utf8')) as ReleaseContents;
}
