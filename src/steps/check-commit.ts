// Whether a deploy was overtaken while it waited: then its commit is older than what is live.
import { branchOf, repositoryOf } from '../context.ts';
import { type Finding, finding } from '../errors.ts';
import { compareCommits } from '../github/compare.ts';
import { githubOf } from '../github/repository.ts';
import { type Deployed, isCommit, type Line, lastOnLine } from '../release/line.ts';
import type { ReleaseHead } from '../release/record.ts';
import { keep, type Running } from '../running.ts';
import { clip, oneLine } from '../text.ts';
import type { KnownReleases } from './read-releases.ts';

/**
 * Under the lock, before the first write. GitHub alone says which commit is older; a record says no
 * more than which two to compare. Only a strict ancestor of the last deployed commit of the same
 * repository, branch and environment is overtaken: `state.overtaken`, and a finding `older-commit`. For
 * every doubt the deploy goes on, and the log says why.
 */
export async function checkCommit({ heads }: KnownReleases, run: Running): Promise<void> {
  const { context, engine, signal } = run;
  const { log, clock } = engine.ports;
  const line = lineOf(run);
  if (!line) {
    if (heads.some(({ branch }) => branch !== undefined)) log.info(noLine(run));
    return;
  }
  const last = lastOnLine(heads, line);
  if (!last || last.commit === context.sha) return;
  const two = `${short(context.sha)} and ${short(last.commit)}, live since release ${last.head.number}`;
  const goesOn = (why: string) => log.info(`commits ${two}: ${why}; the deploy goes on`);
  if (![context.sha, last.commit].every(isCommit)) return goesOn('they cannot be compared');
  const on = githubOf(run);
  if (!on) return goesOn('without github-token it is not known which is older');
  const compared = await compareCommits(
    on,
    { base: context.sha, head: last.commit },
    { clock, signal },
  );
  if ('unknown' in compared) return goesOn(`it is not known which is older: ${compared.unknown}`);
  const { relation } = compared;
  if (relation === 'ahead') return overtaken(last, run, heads);
  if (relation === 'diverged') goesOn('neither comes from the other');
}

/** Undefined where nothing says which commit is deployed, from where, or whose it is. */
function lineOf({ context, inputs }: Running): Line | undefined {
  const repository = repositoryOf(context);
  const branch = branchOf(context);
  const { environment } = inputs;
  return repository && branch !== undefined ? { repository, branch, environment } : undefined;
}

function noLine({ context: { on, event } }: Running): string {
  const where = on === 'terminal' ? 'On a terminal' : `On ${clip(oneLine(event), 100)}`;
  return `${where} nothing says which commit is deployed: it is not compared with what is live`;
}

function overtaken(last: Deployed, run: Running, heads: readonly ReleaseHead[]): void {
  const { inputs, context, state } = run;
  const told = olderFinding(last, run, heads);
  if (inputs.allowOlder) {
    const what = `${told.what} allow-older: true deploys it all the same.`;
    keep([{ ...told, severity: 'note', what }], run);
  } else {
    state.overtaken = { release: last.head.number };
    keep([{ ...told, severity: isByHand(context.event) ? 'fatal' : 'warning' }], run);
  }
}

/** Somebody who chose a commit has to hear that it is not live. */
const isByHand = (event: string): boolean => event === 'workflow_dispatch';

function olderFinding(
  { head, commit, runUrl }: Deployed,
  { context, inputs, state }: Running,
  heads: readonly ReleaseHead[],
): Finding {
  const { app, environment, allowOlder } = inputs;
  const what = `Commit ${short(context.sha)} is older than ${short(commit)}, which release ${head.number} of ${app} has put into ${environment}.`;
  const namespace = state.releases?.namespace ?? state.namespace;
  const back = heads.find((each) => each.state === 'good' && each.commit === context.sha);
  const rollback = `command: rollback${back ? ` with to-release: ${back.number}` : ''}`;
  return finding('older-commit', allowOlder ? what : `${what} Nothing was written.`, {
    ...(namespace === undefined ? {} : { namespace }),
    evidence: [
      `GitHub: commit ${commit} comes after ${context.sha}`,
      `release ${head.number} of ${head.startedAt}${head.actor && ` by ${head.actor}`}`,
      ...(runUrl ? [runUrl] : []),
    ],
    hint: isByHand(context.event)
      ? `To deploy it all the same, set allow-older: true. To go back, run ${rollback}.`
      : `Nothing is to be done. To go back to this commit, run ${rollback}, or deploy it by workflow_dispatch with allow-older: true.`,
  });
}

const short = (commit: string): string => oneLine(commit.slice(0, 12));
