// The dry run of every object, and what it says before the first write.
import { changesOf } from '../../apply/changes.ts';
import { dryRunAll, unverifiedOf } from '../../apply/dry-run/dry-run.ts';
import { previewedRestarts } from '../../apply/dry-run/restarts.ts';
import { type Connected, keep, settingsOf } from '../state/state.ts';

export async function dryRun(_: unknown, run: Connected): Promise<void> {
  const { state, engine, inputs } = run;
  const { objects, findings, unbuilt = [] } = await dryRunAll(state.documents, settingsOf(run));
  state.planned = objects;
  state.unverified = [...unverifiedOf(objects), ...unbuilt];
  keep(findings, run);
  if (inputs.command === 'diff') {
    state.changes = changesOf(objects, { patches: true });
    state.restarts = previewedRestarts(objects);
  }
  if (findings.some(({ severity }) => severity === 'fatal')) return;
  const changing = objects.filter(({ change }) => change !== 'unchanged').length;
  engine.ports.log.info(`dry run: ${changing} of ${objects.length} objects would change`);
  for (const [why, same] of Map.groupBy(state.unverified, (each) => each.why)) {
    const names = same.map(({ object }) => object).join(', ');
    engine.ports.log.info(`not checked yet, because ${why}: ${names}`);
  }
}
