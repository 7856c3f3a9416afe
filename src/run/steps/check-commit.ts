// Whether a deploy was overtaken while it waited, so that its commit is older than the live one.
import { branchOf, repositoryOf } from '../../core/context.ts';
import { type Finding, finding } from '../../core/errors.ts';
import { clip, oneLine } from '../../core/text.ts';
import { compareCommits } from '../../github/compare.ts';
import { githubOf } from '../../github/repository.ts';
import type { KnownReleases } from '../../releases/known.ts';
import { type Deployed, isCommit, type Line, lastOnLine } from '../../releases/line.ts';
import type { ReleaseHead } from '../../releases/record.ts';
import type { Run } from '../state/state.ts';

/**
 * Runs under the lock, before the first write. GitHub alone decides which commit is older; a record only
 * names the two to compare. Only a strict ancestor of the last deployed commit of the same
 * repository, branch and environment is overtaken: `state.overtaken`, and the finding `older-commit` (a
 * note where `allow-older` is set). In any doubt the deploy continues, and the log says why.
 */
export async function checkCommit(
  { heads }: KnownReleases,
  run: Run,
): Promise<Finding | undefined> {
  const { context, engine, signal } = run;
  const { log, clock } = engine.ports;
  const line = lineOf(run);
  if (!line) {
    if (heads.some(({ branch }) => branch !== undefined)) log.info(noLine(run));
    return undefined;
  }
  const last = lastOnLine(heads, line);
  if (!last || last.commit === context.sha) return undefined;
  const two = `${short(context.sha)} and ${short(last.commit)}, live since release ${last.head.number}`;
  const goesOn = (why: string): undefined => {
    log.info(`commits ${two}: ${why}; the deploy goes on`);
    return undefined;
  };
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
  return relation === 'diverged' ? goesOn('neither comes from the other') : undefined;
}

/** Undefined where the deployed commit, its origin or its repository is not recorded. */
function lineOf({ context, inputs }: Run): Line | undefined {
  const repository = repositoryOf(context);
  const branch = branchOf(context);
  const { environment } = inputs;
  return repository && branch !== undefined ? { repository, branch, environment } : undefined;
}

function noLine({ context: { on, event } }: Run): string {
  const where = on === 'terminal' ? 'On a terminal' : `On ${clip(oneLine(event), 100)}`;
  return `${where} nothing says which commit is deployed: it is not compared with what is live`;
}

function overtaken(last: Deployed, run: Run, heads: readonly ReleaseHead[]): Finding {
  const { inputs, context, state } = run;
  if (inputs.allowOlder) {
    const hint = 'Leave allow-older out where the newer commit is to stay live.';
    return { ...olderFinding(last, run), severity: 'note', hint };
  }
  state.overtaken = { release: last.head.number };
  const older = olderFinding(last, run);
  const what = `${older.what} Nothing was written.`;
  const back = heads.find((each) => each.state === 'good' && each.commit === context.sha);
  return { ...older, what, ...endOf(context.event, back?.number) };
}

/** Whoever chose a commit must learn that it is not live. */
function endOf(event: string, release: number | undefined): Pick<Finding, 'severity' | 'hint'> {
  const back = release === undefined ? '' : ` with to-release: ${release}`;
  if (event === 'workflow_dispatch') {
    const hint = `To deploy it all the same, set allow-older: true. To go back, run command: rollback${back}.`;
    return { severity: 'fatal', hint };
  }
  const or = back && `, or go back to it by command: rollback${back}`;
  const hint = `Nothing is to be done. To deploy this commit all the same, run it by workflow_dispatch with allow-older: true${or}.`;
  return { severity: 'warning', hint };
}

/** A record's text comes from the cluster; GitHub has confirmed only the commit. */
function olderFinding({ head, commit, runUrl }: Deployed, run: Run): Finding {
  const { context, inputs, state } = run;
  const { app, environment } = inputs;
  const where = environment && ` in ${environment}`;
  const what = `Commit ${short(context.sha)} is older than ${short(commit)}, which was deployed as release ${head.number} of ${app}${where}.`;
  const namespace = state.releases?.namespace ?? state.namespace;
  return finding('older-commit', what, {
    ...(namespace === undefined ? {} : { namespace }),
    evidence: [
      `GitHub: commit ${commit} comes after ${context.sha}`,
      `release ${head.number} of ${head.startedAt}${head.actor && ` by ${head.actor}`}`,
      ...(runUrl ? [runUrl] : []),
    ],
  });
}

const short = (commit: string): string => oneLine(commit.slice(0, 12));
