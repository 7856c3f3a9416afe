// Whether the run that holds a lock has ended: there is no need to wait for a dead holder.

import type { Log } from '../core/ports.ts';
import { textAt } from '../kube/json.ts';
import { runOf } from '../lock/lease.ts';
import { answered, type OnGitHub, refusalWords } from './repository.ts';

/**
 * True only if GitHub reports `completed` for exactly that attempt; false if in doubt. Runs on
 * another server, and our own, are not looked up.
 */
export function runStatus(on: OnGitHub, log: Pick<Log, 'info'>) {
  let isLogged = false;
  return async (identity: string): Promise<boolean> => {
    const run = runOf(identity);
    if (!run || run.server !== on.server) return false;
    if (identity.startsWith(`${on.runUrl}/attempts/${on.attempt}#`)) return false;
    const response = await answered(
      on.github.send('GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}', {
        owner: run.owner,
        repo: run.repo,
        run_id: run.run,
        attempt_number: run.attempt,
      }),
    );
    if (response.status === 200) return textAt(response.data, 'status') === 'completed';
    const why = refusalWords(response, 'actions: read');
    if (!isLogged) log.info(`It is not known whether that run has ended: ${why}.`);
    isLogged = true;
    return false;
  };
}
