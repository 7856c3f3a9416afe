// Images for a scanner: a clean one, an old one, one with more in it; and the database that knows.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execOk } from '../cluster/exec.ts';
import { filesImage, folderArtifact } from './archive-image.ts';
import { type Pushed, pushImage } from './push.ts';

const source = join(import.meta.dirname, '..', 'tools', 'trivydb');

const debian = {
  'etc/os-release': 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  'etc/debian_version': '12.15\n',
};

const installed = (name: string, version: string, from = name) =>
  `Package: ${name}\nStatus: install ok installed\nSource: ${from}\nVersion: ${version}\nArchitecture: amd64\n\n`;

const tar = installed('tar', '1.34+dfsg-1.2');
const libc = installed('libc6', '2.36-9', 'glibc');
const bash = installed('bash', '5.2.15-2');

/** A token's form with nothing behind it, written in two parts so that nobody takes it for one. */
const token = `ghp_${'0123456789abcdefghijABCDEFGHIJ012345'}`;

const kinds = {
  /** A vulnerability without a fix, HIGH, and one that is LOW. */
  old: { 'var/lib/dpkg/status': tar + libc },
  /** The same, and a CRITICAL one in bash, a HIGH one in jinja2, and a token in a file. */
  vulnerable: {
    'var/lib/dpkg/status': tar + libc + bash,
    'usr/lib/python3/dist-packages/jinja2-3.1.2.dist-info/METADATA':
      'Metadata-Version: 2.1\nName: Jinja2\nVersion: 3.1.2\n',
    'app/.env': `TOKEN=${token}\n`,
  },
  clean: { 'var/lib/dpkg/status': installed('base-files', '12.4') },
} as const;

export type ScannedKind = keyof typeof kinds;

export const plantedToken = token;

/** What lies in such an image, by path. */
export const scannedFiles = (kind: ScannedKind): Readonly<Record<string, string>> => ({
  ...debian,
  ...kinds[kind],
});

/** Pushes `shop/backend` with that in it. `build` makes another image of the same content. */
export async function pushScanned(
  registry: string,
  kind: ScannedKind,
  build = '1',
): Promise<Pushed> {
  const files = { ...scannedFiles(kind), 'app/build': build };
  const name = { repository: 'shop/backend', tag: `${kind}-${build}` };
  return pushImage(registry, name, await filesImage(files));
}

/** Pushes the database as its maker publishes it. Dates are RFC 3339. */
export async function pushDatabase(
  registry: string,
  dates: { readonly updatedAt: string; readonly nextUpdate: string },
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-trivydb-'));
  try {
    const env = { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly -buildvcs=false' };
    const args = ['run', '.', folder, dates.updatedAt, dates.nextUpdate];
    await execOk('go', args, { cwd: source, env });
    const mediaType = 'application/vnd.aquasec.trivy.db.layer.v1.tar+gzip';
    const artifact = await folderArtifact({ folder, mediaType, title: 'db.tar.gz' });
    await pushImage(registry, { repository: 'mirror/trivy-db', tag: '2' }, artifact);
    return `${registry}/mirror/trivy-db:2`;
  } finally {
    await rm(folder, { recursive: true });
  }
}
