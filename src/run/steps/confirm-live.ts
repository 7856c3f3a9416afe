// Records on the live release which commit found everything unchanged.
import { branchOf, repositoryOf } from '../../core/context.ts';
import { ActionError } from '../../core/errors.ts';
import { isCommit, lastOnLine } from '../../releases/line.ts';
import { updateHead } from '../../releases/release-store.ts';
import type { Connected } from '../state/state.ts';
import { storeOf } from './read-releases.ts';

const longestMs = 30_000;

/**
 * A deploy that changes nothing makes no release of its own, but its commit counts: otherwise a commit
 * between the two could still be deployed after it. Never throws for an error of the API.
 */
export async function confirmLive(run: Connected): Promise<void> {
  const { state, context, inputs, signal, engine } = run;
  const [live] = state.releases?.heads ?? [];
  const branch = branchOf(context);
  const repository = repositoryOf(context);
  if (!state.releases || !state.isRecorded || signal.aborted || !live) return;
  if (state.findings.some(({ severity }) => severity === 'fatal')) return;
  if (branch === undefined || !repository || !isCommit(context.sha)) return;
  const { heads, namespace } = state.releases;
  const last = lastOnLine(heads, { branch, repository, environment: inputs.environment });
  if (last?.head !== live || last.commit === context.sha) return;
  const { sha: commit, runUrl } = context;
  const limit = AbortSignal.timeout(longestMs);
  try {
    const head = { ...live, confirmed: { commit, branch, runUrl } };
    await updateHead(head, { ...storeOf(run, namespace), signal: limit });
  } catch (error) {
    if (!(error instanceof ActionError) && !limit.aborted) throw error;
    const why = error instanceof ActionError ? `: ${error.message}` : '';
    engine.ports.log.info(`release ${live.number} was not marked as confirmed${why}`);
  }
}
