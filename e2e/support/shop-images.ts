// Two images to build, a registry for them, and a cluster that runs them: what tests of builds share.
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { appProgram } from './images/app-image.ts';
import { startBuilder, type TestBuilder } from './images/builder.ts';
import { startTestRegistry, type TestRegistry } from './images/test-registry.ts';
import type { ActionOptions } from './runner/run-action.ts';
import { deployment, namespaceFor, openSharedSite, type Run, type Site } from './site.ts';

export interface ShopImages {
  readonly site: Site;
  readonly builder: TestBuilder;
  readonly registry: TestRegistry;
  /** Where `run` deploys to; not there before. */
  readonly namespace: string;
  /** Of `backend` and `frontend`, with `app.yaml`. */
  readonly workspace: string;
  /** A copy that a test may spoil. */
  copy(files?: Readonly<Record<string, string>>): Promise<string>;
  run(inputs: Readonly<Record<string, string>>, options?: Partial<ActionOptions>): Promise<Run>;
  start: Site['start'];
  /** The image of a Deployment; undefined where there is none. */
  imageOf(name: string): Promise<string | undefined>;
  stop(): Promise<void>;
}

/** Its one RUN takes a second. */
export const dockerfile = (name: string) => `FROM scratch AS build
COPY app /app
RUN --network=none ["/app", "exit", "-after=1100ms"]
FROM scratch
COPY --from=build /app /app
COPY name.txt /
LABEL own=${name}
ENTRYPOINT ["/app"]
CMD ["serve"]
`;

export const build = '- {name: backend, context: backend}\n- {name: frontend, context: frontend}\n';

const manifests = ['backend', 'frontend']
  .map((name) => deployment(name, { image: `registry.example/shop/${name}:dev` }))
  .join('---\n');

export async function openShopImages(): Promise<ShopImages> {
  const [site, builder, registry] = await Promise.all([
    openSharedSite(),
    startBuilder(),
    startTestRegistry(),
  ]);
  const workspace = await site.workspace({
    'app.yaml': manifests,
    'backend/Dockerfile': dockerfile('backend'),
    'backend/name.txt': 'backend',
    'frontend/Dockerfile': dockerfile('frontend'),
    'frontend/name.txt': 'frontend',
  });
  const namespace = namespaceFor('shop');
  const program = await appProgram();
  for (const name of ['backend', 'frontend']) {
    await writeFile(join(workspace, name, 'app'), program, { mode: 0o755 });
  }
  const start: Site['start'] = (inputs, options = {}) => {
    const given = {
      namespace,
      'create-namespace': 'true',
      manifests: 'app.yaml',
      registry: `${registry.address}/shop`,
      build,
      scan: 'off',
      ...inputs,
    };
    const env = { ...builder.env, ...options.env };
    return site.start(given, { workspace, ...options, env });
  };
  return {
    site,
    builder,
    registry,
    namespace,
    workspace,
    copy: async (files = {}) => {
      const folder = await site.workspace({});
      await cp(workspace, folder, { recursive: true });
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
      return folder;
    },
    start,
    run: async (inputs, options) => {
      const result = await (await start(inputs, options)).finished;
      return { ...result, text: result.stdout + result.stderr };
    },
    imageOf: async (name) => {
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
      const { body } = await site.cluster.api({ path });
      return body.spec?.template.spec.containers[0].image;
    },
    stop: async () => {
      await Promise.all([site.stop(), builder.stop(), registry.stop()]);
    },
  };
}
