// Two images built, pushed and scanned side by side, beside the same done one after the other.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appProgram } from '../../e2e/support/images/app-image.ts';
import { builderUnavailable, startBuilder } from '../../e2e/support/images/builder.ts';
import { startTestRegistry } from '../../e2e/support/images/test-registry.ts';
import { runAction } from '../../e2e/support/runner/run-action.ts';
import { localScanner } from '../../e2e/support/tools/trivy.ts';

export interface ImageTimes {
  /** Seconds, of whole runs of the action. */
  readonly together: number;
  readonly oneByOne: number;
  /** False where there is no Trivy: then they are only built and pushed. */
  readonly scanned: boolean;
}

const names = ['backend', 'frontend'];
const stepSeconds = 5;

const dockerfile = (name: string) => `FROM scratch AS build
COPY app name.txt /
RUN --network=none ["/app", "exit", "-after=${stepSeconds}s", "-text=${name}"]
FROM scratch
COPY --from=build /app /name.txt /
ENTRYPOINT ["/app"]
`;

const ratioOf = ({ together, oneByOne }: ImageTimes): number => together / oneByOne;

/** Nothing is cached for either; the middle one of three rounds. Or the reason why nothing can be built here. */
export async function measureImages(): Promise<ImageTimes | { readonly missing: string }> {
  const missing = await builderUnavailable();
  if (missing !== undefined) return { missing };
  const [builder, registry] = await Promise.all([startBuilder(), startTestRegistry()]);
  const workspace = await mkdtemp(join(tmpdir(), 'webgen-bench-images-'));
  const program = await appProgram();
  const scanner = await localScanner(registry.address);
  let content = 0;
  const fresh = async () => {
    content += 1;
    for (const name of names) {
      await mkdir(join(workspace, name), { recursive: true });
      await writeFile(join(workspace, name, 'app'), program, { mode: 0o755 });
      await writeFile(join(workspace, name, 'name.txt'), `${name} ${content}`);
      await writeFile(join(workspace, name, 'Dockerfile'), dockerfile(name));
    }
    await builder.prune();
  };
  const build = async (images: readonly string[]): Promise<number> => {
    const entries = images.map((name) => `- {name: ${name}, context: ${name}}`);
    const inputs = {
      command: 'build',
      registry: registry.address,
      build: entries.join('\n'),
      scan: scanner ? 'report' : 'off',
      ...scanner?.inputs,
    };
    const run = await runAction({ inputs, workspace, env: { ...builder.env, ...scanner?.env } });
    await run.cleanUp();
    if (run.code !== 0) throw new Error(run.stdout.slice(-4000));
    return run.durationMs / 1000;
  };
  try {
    const rounds: ImageTimes[] = [];
    for (let round = 0; round < 3; round += 1) {
      await fresh();
      const together = await build(names);
      await fresh();
      let oneByOne = 0;
      for (const name of names) oneByOne += await build([name]);
      rounds.push({ together, oneByOne, scanned: scanner !== undefined });
    }
    // The median of the ratios, with its own times.
    return rounds.toSorted((a, b) => ratioOf(a) - ratioOf(b))[1] ?? { missing: 'no round' };
  } finally {
    await Promise.all([builder.stop(), registry.stop()]);
    await rm(workspace, { recursive: true, force: true });
  }
}
