// Builds and pushes the changed images in parallel; unchanged ones are found in the registry.
import { ActionError, allOrProblems, finding, throwIfFatal } from '../core/errors.ts';
import type { BuiltImage } from '../images/built.ts';
import type { ImageBuild } from '../images/request.ts';
import { repositoryOf } from '../registry/address.ts';
import { inspectBuilder, loggedIn } from './bake.ts';
import { bakeAgain } from './bake-again.ts';
import { type Abilities, type BakeImage, bakeDefinition } from './bake-definition.ts';
import { baseImages } from './base-images.ts';
import { beyondBuilder } from './builder.ts';
import type { Building } from './building.ts';
import { findUnchanged, type LookedUp, tagFound } from './find-unchanged.ts';
import { imageLabels } from './labels.ts';
import { refuseReachingImages } from './refuse-reaching.ts';
import { tagsFor } from './tags.ts';

/** In the order of the input. Throws ActionError; this run may then have pushed some of the images. */
export async function buildImages(building: Building): Promise<readonly BuiltImage[]> {
  const { request, registry, buildx, http } = building;
  const { files, log } = buildx.ports;
  const { workspace } = buildx;
  if (building.proposed) await refuseReachingImages(request.images, { files, workspace });
  const plans = request.images.map((image) => planOf(image, building));
  const lookup = {
    files,
    log,
    client: registry.client,
    workspace: buildx.workspace,
    variant: `${request.provenance ?? ''} ${request.sbom} ${building.machine}`,
    resolve: baseImages(registry, http),
  };
  const looked = await allOrProblems(plans.map((plan) => findUnchanged(plan, lookup)));
  const open = looked.filter(({ found }) => !found);
  const found = looked.flatMap((each) => each.found ?? []);
  const [made] = await allOrProblems([
    open.length > 0 ? buildOpen(open, building) : Promise.resolve([]),
    ...found.map((each) => tagFound(each, lookup)),
  ]);
  const all = [...(made as readonly BuiltImage[]), ...found];
  return plans.flatMap(({ image }) => all.find(({ name }) => name === image.name) ?? []);
}

function planOf(image: ImageBuild, building: Building): BakeImage {
  const { address, context, source, proposed } = building;
  const repository = repositoryOf(address, image.name, { proposed });
  const trusted = repositoryOf(address, image.name, { proposed: false });
  return {
    image,
    repository,
    tags: tagsFor({ ...context, sha: source.commit, proposed }),
    labels: imageLabels({ ...context, ...source, name: image.name }),
    // A pull request may read production's cache, never the other way round.
    cacheRepositories: [...new Set([repository, trusted])],
  };
}

async function buildOpen(
  open: readonly LookedUp[],
  building: Building,
): Promise<readonly BuiltImage[]> {
  const { request, registry, buildx, gha } = building;
  const repositories = [...new Set(open.map(({ plan }) => plan.repository))];
  const [builder] = await allOrProblems([
    inspectBuilder(buildx),
    ...repositories.map((repository) => registry.client.checkPush(repository)),
  ] as const);
  throwIfFatal(beyondBuilder(request, builder));
  const abilities: Abilities = { full: builder.full, gha };
  tellAbilities(open, abilities, building);
  const plans = open.map(({ plan, tag }) =>
    tag === undefined ? plan : { ...plan, tags: [...plan.tags, tag] },
  );
  const definition = bakeDefinition(plans, { attestations: request, abilities });
  const images = plans.map(({ image }) => image);
  buildx.ports.log.info(`building ${images.map(({ name }) => name).join(', ')} on ${builder.name}`);
  const baked = await bakeAgain(
    {
      ...definition,
      dockerfiles: dockerfilesOf(images),
      logLines: building.logLines,
      repositories,
    },
    { ...building, buildx: await loggedIn(buildx, registry, [registry.host]) },
  );
  return Object.entries(definition.targets).flatMap(([target, name]) => {
    const plan = plans.find(({ image }) => image.name === name);
    return plan ? [builtImage(plan, baked.digests[target])] : [];
  });
}

function tellAbilities(open: readonly LookedUp[], { full }: Abilities, { buildx }: Building): void {
  const cached = open.filter(({ plan }) => plan.image.cache === 'auto').length;
  if (full || cached === 0) return;
  buildx.ports.log.info(
    'the builder is a plain Docker engine: no shared build cache and no annotations',
  );
}

function builtImage(plan: BakeImage, digest: string | undefined): BuiltImage {
  const { image, repository, tags } = plan;
  if (digest === undefined) throw withoutDigest(image.name);
  const reference = `${repository}@${digest}`;
  const { name, platforms } = image;
  return { name, repository, digest, reference, tags, platforms, found: false };
}

/** Although buildx reported success. */
export function withoutDigest(name: string): ActionError {
  const what = `Image ${name} was built, but buildx names no digest of it.`;
  const hint = 'Update buildx (docker/setup-buildx-action), or use another builder.';
  return new ActionError(finding('build-failed', what, { hint }));
}

function dockerfilesOf(images: readonly ImageBuild[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    images.map(({ name, context, dockerfile = 'Dockerfile' }) => [
      name,
      context === '.' ? dockerfile : `${context}/${dockerfile}`,
    ]),
  );
}
