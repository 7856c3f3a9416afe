// The demo's last part: two images built, pushed to a real registry and deployed by digest on a real node.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeUnavailable } from '../e2e/support/cluster/node-packages.ts';
import { appProgram } from '../e2e/support/images/app-image.ts';
import { builderUnavailable, startBuilder } from '../e2e/support/images/builder.ts';
import { runAction } from '../e2e/support/runner/run-action.ts';
import { deployment, openSite } from '../e2e/support/site.ts';
import { localScanner } from '../e2e/support/tools/trivy.ts';

const names = ['backend', 'frontend'];

const dockerfile = `FROM scratch AS build
COPY app /app
RUN --network=none ["/app", "exit", "-after=1s"]
FROM scratch
COPY --from=build /app /app
COPY name.txt /
ENTRYPOINT ["/app"]
CMD ["serve"]
`;

export interface Telling {
  say(line: string): void;
  show(line: string): void;
}

/** False where it went wrong; where it cannot run here it says so, and that is no failure. */
export async function demoImages({ say, show }: Telling): Promise<boolean> {
  const missing = (await builderUnavailable()) ?? (await nodeUnavailable());
  if (missing !== undefined) {
    say(`Images: left out on this machine, since there is no builder or no node: ${missing}`);
    return true;
  }
  say('A real node, a real registry and a Docker engine: two images, built and deployed by digest');
  const [site, builder] = await Promise.all([openSite('node'), startBuilder()]);
  const scanner = await localScanner(`${site.cluster.registry}`);
  if (!scanner) console.log('  the scanner comes from GitHub; without a network: make trivy');
  const workspace = await mkdtemp(join(tmpdir(), 'webgen-demo-images-'));
  try {
    await writeSources(workspace);
    const push = () =>
      runAction({
        workspace,
        env: { ...builder.env, ...scanner?.env },
        onLine: ({ text }) => show(text),
        inputs: {
          ...site.access,
          ...scanner?.inputs,
          namespace: 'shop',
          'create-namespace': 'true',
          manifests: 'app.yaml',
          registry: `${site.cluster.registry}/shop`,
          build: names.map((name) => `- {name: ${name}, context: ${name}}`).join('\n'),
        },
      });
    const first = await push();
    say('The same commit again: nothing has changed, so nothing is built and nothing is applied');
    const second = await push();
    await first.cleanUp();
    await second.cleanUp();
    return first.outputs['status'] === 'deployed' && second.outputs['status'] === 'unchanged';
  } finally {
    await rm(workspace, { recursive: true, force: true });
    await Promise.all([site.stop(), builder.stop()]);
  }
}

async function writeSources(workspace: string): Promise<void> {
  const program = await appProgram();
  const manifests = names.map((name) =>
    deployment(name, { image: `registry.example/${name}:dev` }),
  );
  await writeFile(join(workspace, 'app.yaml'), manifests.join('---\n'));
  for (const name of names) {
    await mkdir(join(workspace, name));
    await writeFile(join(workspace, name, 'Dockerfile'), dockerfile);
    await writeFile(join(workspace, name, 'name.txt'), name);
    await writeFile(join(workspace, name, 'app'), program, { mode: 0o755 });
  }
}
