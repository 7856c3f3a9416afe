// Helm to compare with, built from its Go module once, and a chart that holds plain manifests.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../e2e/support/cluster/assets.ts';
import { execOk } from '../../e2e/support/cluster/exec.ts';
import { tell } from '../../e2e/support/cluster/say.ts';

const module = join(import.meta.dirname, '..', '..', 'e2e', 'support', 'kube', 'helm');
const version = 'v3.19.0';

export type Helm = { readonly path: string } | { readonly missing: string };

/** The program, or why there is none. */
export async function provideHelm(): Promise<Helm> {
  const sum = createHash('sha256').update(readFileSync(join(module, 'go.sum')));
  const folder = await cacheFolder();
  const path = join(folder, `helm-${version}-${sum.digest('hex').slice(0, 12)}`);
  if (existsSync(path)) return { path };
  mkdirSync(folder, { recursive: true });
  const stamp = `-s -w -X helm.sh/helm/v3/internal/version.version=${version}`;
  const args = ['build', '-trimpath', '-ldflags', stamp, '-o', path, 'helm.sh/helm/v3/cmd/helm'];
  const env = { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly -buildvcs=false' };
  try {
    const build = () => execOk('go', args, { cwd: module, env });
    await tell('building helm from Go modules (two minutes, once)', build);
    return { path };
  } catch (error) {
    const [first = ''] = String(error).split('\n');
    return { missing: `helm could not be built: ${first}` };
  }
}

/** A chart in `folder` whose only template are these manifests. */
export function writeChart(folder: string, manifests: string): void {
  mkdirSync(join(folder, 'templates'), { recursive: true });
  writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: bench\nversion: 1.0.0\n');
  writeFileSync(join(folder, 'templates', 'all.yaml'), manifests);
}
