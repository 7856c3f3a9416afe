// `status` uses the rules that the live release recorded: anyone may write rules on a live object.

import { ActionError } from '../../core/errors.ts';
import { identityOf, type KubeObject, nameOf } from '../../kube/objects.ts';
import { liveRelease } from '../../releases/choose.ts';
import { readContents } from '../../releases/release-store.ts';
import { hasRules, withRulesOf } from '../../rollout/judge/custom.ts';
import { apiOf, type Connected } from '../state/state.ts';

/**
 * The objects with the recorded rules in place of their own. Without a readable record no rule applies,
 * and the log says so.
 */
export async function withRecordedRules(
  objects: readonly KubeObject[],
  run: Connected,
): Promise<readonly KubeObject[]> {
  const recorded = await recordedObjects(run);
  const of = (object: KubeObject) => recorded?.get(identityOf(object));
  const left = recorded ? [] : objects.filter(hasRules).map(nameOf);
  if (left.length > 0) {
    run.engine.ports.log.info(`Ignored rules, which no release has recorded: ${left.join(', ')}`);
  }
  return objects.map((object) => withRulesOf(of(object), object));
}

async function recordedObjects(
  run: Connected,
): Promise<ReadonlyMap<string, KubeObject> | undefined> {
  const { state, inputs, signal } = run;
  const head = liveRelease(state.releases?.heads ?? []);
  if (!state.releases || !head) return undefined;
  try {
    const store = { api: apiOf(run), app: inputs.app, namespace: state.releases.namespace, signal };
    const { objects } = await readContents(head, store);
    return new Map(objects.map((each) => [identityOf(each), each]));
  } catch (error) {
    if (error instanceof ActionError) return undefined;
    throw error;
  }
}
