// `status` of one release: whether it is still the live one, so that it may be judged.
import { statusOf } from '../../cluster/api-errors.ts';
import { ActionError, finding } from '../../core/errors.ts';
import { clip, oneLine } from '../../core/text.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { durationOf, holderOf, holderWords, lastWriteOf, readRequest } from '../../lock/lease.ts';
import { liveRelease, newestFirst } from '../../releases/choose.ts';
import { secretName } from '../../releases/codec.ts';
import type { ReleaseHead } from '../../releases/record.ts';
import { apiOf, type Connected, releaseNamespace } from '../state/state.ts';
import { readReleases } from './read-releases.ts';

/**
 * Where `revision` is given: true, and `state.overtaken`, if a newer release followed it or another run
 * is deploying right now. Decides by what can be read; without permission the run continues. Throws
 * ActionError `release-not-found` where the release was undone or is not recorded. `again`: reads the
 * releases once more.
 */
export async function isLeftToNewer(run: Connected, { again = false } = {}): Promise<boolean> {
  const { inputs, state, engine } = run;
  const { revision } = inputs;
  if (revision === undefined) return false;
  if (again && state.releases) {
    state.releases = (await readReleases(run, { contents: false })) ?? state.releases;
  }
  const { log } = engine.ports;
  const heads = state.releases?.heads ?? [];
  const [newer] = newestFirst(heads).filter((each) => isNewer(each, revision));
  if (newer) {
    state.overtaken = { release: newer.number };
    log.info(`release ${revision} is not judged: ${releaseWords(newer)}`);
    return true;
  }
  const holder = await otherHolder(run);
  if (holder !== undefined) {
    state.overtaken = {};
    log.info(`release ${revision} is not judged: another run is deploying, ${holder}`);
    return true;
  }
  if (state.releases && liveRelease(heads)?.number !== revision) throw notLive(run, revision);
  return false;
}

/** Only an undone release counts as if it had never existed; a pending one is being deployed. */
function isNewer({ number, state }: ReleaseHead, revision: number): boolean {
  return number > revision && state !== 'rolled-back';
}

function releaseWords({ number, state, runUrl }: ReleaseHead): string {
  const where = runUrl ? `, by ${clip(oneLine(runUrl), 300)}` : '';
  return `release ${number} came after it (${state}${where})`;
}

/** Who holds the lock now, as a clause; undefined where nobody does, and where it may not be read. */
async function otherHolder(run: Connected): Promise<string | undefined> {
  const { inputs, context, engine, signal } = run;
  const namespace = releaseNamespace(run);
  if (namespace === undefined) return undefined;
  const holder = { identity: '', actor: '' };
  const target = { app: inputs.app, namespace, holder };
  const api = apiOf(run);
  const response = await api.send(readRequest({ target, signal }));
  if (response.status !== 200) {
    if (response.status === 404) return undefined;
    const why = statusOf(response)?.reason ?? response.status;
    engine.ports.log.info(`Whether another run is deploying is unknown: the Lease: ${why}`);
    return undefined;
  }
  const lease = response.body as KubeObject;
  const identity = holderOf(lease);
  const { runUrl, attempt } = context;
  const isOwn = runUrl !== '' && identity.startsWith(`${runUrl}/attempts/${attempt}#`);
  if (identity === '' || isOwn || hasExpired(lease, api.now())) return undefined;
  return holderWords(lease);
}

/** By the server's clock: the Lease of a run that died. */
function hasExpired(lease: KubeObject, now: number): boolean {
  const written = lastWriteOf(lease);
  return written !== undefined && written + durationOf(lease) < now;
}

function notLive({ state, inputs }: Connected, revision: number): ActionError {
  const { heads = [], namespace } = state.releases ?? {};
  const live = liveRelease(heads);
  const own = heads.find(({ number }) => number === revision);
  const why = own ? `it is ${own.state}` : 'it is not recorded';
  const what = `Release ${revision} of ${inputs.app} is not live: ${why}.`;
  return new ActionError(
    finding('release-not-found', what, {
      object: `Secret/${secretName(inputs.app, revision, 1)}`,
      ...(namespace === undefined ? {} : { namespace }),
      evidence: [live ? `live is release ${live.number}, ${live.state}` : 'no release is live'],
      hint: 'Leave `revision` out to judge what is live, or deploy again.',
    }),
  );
}
