// Makes images out of files, and artifacts out of one file, for what is read and never started.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { execOk } from '../cluster/exec.ts';
import { blob, described, type Image, json } from './image.ts';

const oci = 'application/vnd.oci.image';
const manifestType = `${oci}.manifest.v1+json`;

/** An OCI image of one layer with these files: path without a leading `/` → text. */
export async function filesImage(files: Readonly<Record<string, string>>): Promise<Image> {
  const packed = await packed1970(async (folder) => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
  });
  const layer = blob(packed);
  const config = json({
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [blob(gunzipSync(packed)).digest] },
  });
  return imageOf(
    config,
    `${oci}.config.v1+json`,
    [described(`${oci}.layer.v1.tar+gzip`, layer)],
    [layer],
  );
}

export interface Artifact {
  readonly folder: string;
  readonly mediaType: string;
  /** What the one layer, the folder's packed content, is called. */
  readonly title: string;
}

export async function folderArtifact({ folder, mediaType, title }: Artifact): Promise<Image> {
  const layer = blob(await packFolder(folder));
  const annotations = { 'org.opencontainers.image.title': title };
  const named = { ...described(mediaType, layer), annotations };
  return imageOf(json({}), `${oci}.config.v1+json`, [named], [layer]);
}

function imageOf(
  config: ReturnType<typeof blob>,
  configType: string,
  layers: readonly unknown[],
  blobs: Image['blobs'],
): Image {
  const manifest = json({
    schemaVersion: 2,
    mediaType: manifestType,
    config: described(configType, config),
    layers,
  });
  return { blobs: [...blobs, config], manifest, mediaType: manifestType };
}

async function packed1970(fill: (folder: string) => Promise<void>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-layer-'));
  try {
    await fill(folder);
    return await packFolder(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The same files give the same bytes: no times, no owners, one order. */
async function packFolder(folder: string): Promise<Buffer> {
  const file = `${folder}.tgz`;
  const same = [
    '--mtime=@0',
    '--owner=0',
    '--group=0',
    '--sort=name',
    '--use-compress-program=gzip -n',
  ];
  await execOk('tar', ['-c', ...same, '-f', file, '-C', folder, '.']);
  const data = await readFile(file);
  await rm(file);
  return data;
}
