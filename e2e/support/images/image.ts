// Makes a container image of one static program, without a container engine.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export interface Blob {
  readonly digest: string;
  readonly data: Buffer;
}

export interface Image {
  readonly blobs: readonly Blob[];
  readonly manifest: Blob;
  readonly mediaType: string;
}

export interface ImageOptions {
  /** The program's bytes; it becomes `/app`, and the entrypoint. */
  readonly program: Buffer;
  /** Arguments when the pod gives none. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const DOCKER = 'application/vnd.docker';
const MANIFEST = `${DOCKER}.distribution.manifest.v2+json`;

/** A Docker v2 image (schema 2) with one layer; the same input gives the same digest. */
export function makeImage(options: ImageOptions): Image {
  const { program, args = [], env = {} } = options;
  const tar = tarOf('app', program);
  const layer = blob(gzipSync(tar, { level: 1 }));
  const config = json({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {
      Entrypoint: ['/app'],
      Cmd: args,
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    },
    rootfs: { type: 'layers', diff_ids: [blob(tar).digest] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: described(`${DOCKER}.container.image.v1+json`, config),
    layers: [described(`${DOCKER}.image.rootfs.diff.tar.gzip`, layer)],
  });
  return { blobs: [layer, config], manifest, mediaType: MANIFEST };
}

export function blob(data: Buffer): Blob {
  return { digest: `sha256:${createHash('sha256').update(data).digest('hex')}`, data };
}

export function json(value: unknown): Blob {
  return blob(Buffer.from(JSON.stringify(value)));
}

export function described(mediaType: string, { digest, data }: Blob): object {
  return { mediaType, digest, size: data.length };
}

/** One executable file owned by root, dated 1970: POSIX ustar, 512-byte blocks. */
function tarOf(name: string, data: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, at: number, width: number) =>
    header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'ascii');
  header.write(name, 0, 'ascii');
  octal(0o755, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(data.length, 124, 12);
  octal(0, 136, 12);
  header.write('        0', 148, 'ascii');
  header.write('ustar\x0000', 257, 'ascii');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii');
  const padding = Buffer.alloc((512 - (data.length % 512)) % 512);
  return Buffer.concat([header, data, padding, Buffer.alloc(1024)]);
}
