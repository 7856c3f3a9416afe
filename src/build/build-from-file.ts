// Builds the user's own bake definition: resolved by bake itself, then pushed and reported like ours.
import { ActionError, allOrProblems, finding } from '../core/errors.ts';
import { invalid } from '../core/readers.ts';
import { clip, oneLine } from '../core/text.ts';
import type { BuiltImage } from '../images/built.ts';
import { repositoryOf } from '../registry/address.ts';
import { inspectBuilder, loggedIn, runBuildx, textsOf } from './bake.ts';
import { bakeAgain } from './bake-again.ts';
import { withoutDigest } from './build-images.ts';
import type { Building } from './building.ts';
import { imageLabels } from './labels.ts';
import { refuseReachingBake, refuseReachingFile } from './refuse-reaching.ts';
import { tagsFor } from './tags.ts';
import { readUserBake, type UserBake, type UserImage, withOverrides } from './user-bake.ts';

/** No image is reused: only bake knows what such a definition reads. Throws ActionError. */
export async function buildFromFile(building: Building): Promise<readonly BuiltImage[]> {
  const { buildx, registry } = building;
  const reaching = { files: buildx.ports.files, workspace: buildx.workspace };
  if (building.proposed) await refuseReachingFile(building.request.bake?.file ?? '', reaching);
  const [printed] = await allOrProblems([resolved(building), inspectBuilder(buildx)] as const);
  if (building.proposed) await refuseReachingBake(printed, reaching);
  const user = readUserBake(printed);
  if (!user || user.images.length === 0) throw nothingTagged(user);
  const images = user.images.map((image) => placed(image, building));
  const own = images.filter(({ repository }) => repository.startsWith(`${registry.host}/`));
  await allOrProblems(own.map(({ repository }) => registry.client.checkPush(repository)));
  const { context, source } = building;
  const labels = imageLabels({
    ...context,
    ...source,
    name: context.repository.split('/')[1] ?? '',
  });
  const tags = Object.fromEntries(
    images.map((image) => [image.target, image.tags.map((tag) => `${image.repository}:${tag}`)]),
  );
  const json = withOverrides(printed, user, { labels, ...(building.proposed ? { tags } : {}) });
  const by = <T>(pick: (image: UserImage) => readonly [string, T]) =>
    Object.fromEntries(images.map(pick));
  const dockerfiles = by(({ name, dockerfile }) => [name, dockerfile]);
  const texts = Object.values(await textsOf(dockerfiles, buildx));
  const baked = await bakeAgain(
    {
      json,
      targets: by(({ target, name }) => [target, name]),
      dockerfiles,
      logLines: building.logLines,
      repositories: own.map(({ repository }) => repository),
    },
    {
      ...building,
      buildx: await loggedIn(buildx, registry, namedHosts([json, ...texts], registry)),
    },
  );
  return images.map(({ target, dockerfile: _, ...image }) => {
    const digest = baked.digests[target];
    if (digest === undefined) throw withoutDigest(image.name);
    return { ...image, digest, reference: `${image.repository}@${digest}`, found: false };
  });
}

/** The registry, if the definition or one of its Dockerfiles names it. */
function namedHosts(texts: readonly string[], { host }: Building['registry']): readonly string[] {
  return host !== undefined && texts.some((text) => text.includes(host)) ? [host] : [];
}

/** A pull request pushes to repositories that production never reads, whatever its definition says. */
function placed(image: UserImage, { address, context, source, proposed }: Building): UserImage {
  if (!proposed) return image;
  const repository = repositoryOf(address, image.name, { proposed });
  return { ...image, repository, tags: tagsFor({ ...context, sha: source.commit, proposed }) };
}

/** A definition can put any variable into an argument or a tag, so it gets no secret variables. */
async function resolved({ request, buildx }: Building): Promise<string> {
  const { file = '', targets = [] } = request.bake ?? {};
  const args = ['bake', '--file', file, '--print', ...targets];
  const plain = Object.entries(buildx.environment).filter(([, each]) => typeof each === 'string');
  const env = Object.fromEntries(plain);
  const { code, stdout, stderr } = await runBuildx(buildx, args, { timeoutMs: 60_000, env });
  if (code === 0) return stdout;
  const said = stderr
    .trim()
    .split('\n')
    .slice(-5)
    .map((line) => clip(oneLine(line), 500));
  const hint = `See for yourself: docker buildx bake --file ${file} --print`;
  const what = 'names a definition that bake cannot read';
  throw new ActionError({ ...invalid('bake-file', what, hint), evidence: said });
}

function nothingTagged(user: UserBake | undefined): ActionError {
  const what = 'The bake file has no target with a tag, so it is unknown where to push it.';
  const hint = 'Give each target `tags = ["registry/repository:tag"]`.';
  const evidence =
    user && user.untagged.length > 0 ? [`without a tag: ${user.untagged.join(', ')}`] : [];
  return new ActionError(finding('input-invalid', what, { hint, evidence }));
}
