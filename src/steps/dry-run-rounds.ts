// Dry-runs until every object was compared with what it was at that moment, not a moment before.
import { readLive } from '../cluster/live-objects.ts';
import { identityOf } from '../cluster/objects.ts';
import type { ApplySettings } from './apply-settings.ts';
import { type Candidate, type DryRunResult, dryRunObject } from './dry-run-object.ts';

// A busy controller may write again; after that its writes are shown with ours.
const rounds = 3;

/** Results in the order of the candidates. A round costs one list for each kind and namespace. */
export async function dryRunRounds(
  candidates: readonly Candidate[],
  settings: ApplySettings,
): Promise<readonly DryRunResult[]> {
  const first = await Promise.all(candidates.map((each) => dryRunObject(each, settings)));
  const results = new Map(candidates.map((each, at) => [each.document, first[at]]));
  for (let round = 2; round <= rounds; round += 1) {
    const again = await reread(candidates, results, settings);
    const next = await Promise.all(again.map((each) => dryRunObject(each, settings)));
    for (const [at, { document }] of again.entries()) results.set(document, next[at]);
  }
  return [...results.values()].filter((each) => each !== undefined);
}

async function reread(
  candidates: readonly Candidate[],
  results: ReadonlyMap<Candidate['document'], DryRunResult | undefined>,
  { api, signal }: ApplySettings,
): Promise<readonly Candidate[]> {
  const outdated = candidates.flatMap((candidate) => {
    const result = results.get(candidate.document);
    const answered = result && 'outdated' in result ? result.outdated : undefined;
    return answered ? [{ ...candidate, answered }] : [];
  });
  const wanted = outdated.map(({ document, resource }) => ({ object: document.object, resource }));
  const { live } = await readLive(wanted, api, signal);
  return outdated.flatMap((each) => {
    const now = live.get(identityOf(each.document.object));
    return now ? [{ ...each, live: now }] : [];
  });
}
