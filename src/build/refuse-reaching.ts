// On events with unreviewed files, a build must not reach anything outside the workspace.
import { ActionError, type Finding, finding } from '../core/errors.ts';
import { leadsOut } from '../core/leads-out.ts';
import type { Files } from '../core/ports.ts';
import { clip, oneLine } from '../core/text.ts';
import type { ImageBuild } from '../images/request.ts';
import { type Reach, reachesOf } from './foreign-bake.ts';

export interface Reaching {
  readonly files: Files;
  readonly workspace: string;
}

const hint =
  'Keep what it needs in the repository, without links that lead out of it, or build it in a run on push.';

/** Contexts, Dockerfiles and ignore files of the `build` input. Throws ActionError `event-refused`. */
export async function refuseReachingImages(
  images: readonly ImageBuild[],
  reaching: Reaching,
): Promise<void> {
  const paths = images.flatMap(({ name, context, dockerfile = 'Dockerfile' }) => {
    const own = [context, `${context}/.dockerignore`];
    const file = `${context}/${dockerfile}`;
    const all = [...own, file, `${file}.dockerignore`];
    return all.map((path) => ({ where: `image ${name}`, path }));
  });
  await refuse('A build of a pull request', { paths, refused: [] }, reaching);
}

/** The bake file itself, before anything reads it. */
export async function refuseReachingFile(file: string, reaching: Reaching): Promise<void> {
  const paths = [{ where: 'bake-file', path: file }];
  await refuse('The bake file of a pull request', { paths, refused: [] }, reaching);
}

/** The resolved definition, before anything is built. */
export async function refuseReachingBake(printed: string, reaching: Reaching): Promise<void> {
  await refuse('The bake file of a pull request', reachesOf(printed), reaching);
}

async function refuse(
  subject: string,
  { paths, refused }: ReturnType<typeof reachesOf>,
  { files, workspace }: Reaching,
): Promise<void> {
  const out = await Promise.all(
    paths.map(async (each) => ((await leadsOut(each.path, workspace, files)) ? [each] : [])),
  );
  const evidence = [...refused, ...out.flat().map(shown)].map((each) => clip(oneLine(each), 300));
  if (evidence.length > 0) throw new ActionError(reachingOut(subject, [...new Set(evidence)]));
}

const shown = ({ where, path }: Reach) => `${where}: ${path}`;

function reachingOut(subject: string, evidence: readonly string[]): Finding {
  const what = `${subject} reaches beyond the workspace, so nothing is built.`;
  return finding('event-refused', what, { evidence: evidence.slice(0, 20), hint });
}
