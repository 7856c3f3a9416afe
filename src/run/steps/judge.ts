// Judges what is deployed now, by the rules that its release has recorded.
import { findDeployed } from '../../rollout/wait/find-deployed.ts';
import { judgeNow } from '../../rollout/wait/judge-now.ts';
import { apiOf, type Connected, keep } from '../state/state.ts';
import { isLeftToNewer } from './asked-revision.ts';
import { withRecordedRules } from './recorded-rules.ts';

export async function judge(_: unknown, run: Connected): Promise<void> {
  const { state, inputs, engine, signal } = run;
  if (await isLeftToNewer(run)) return;
  const api = apiOf(run);
  const objects = await findDeployed({
    api,
    app: inputs.app,
    namespace: state.namespace,
    signal,
    onLine: engine.ports.log.info,
  });
  const result = await judgeNow({
    api,
    clock: engine.ports.clock,
    targets: (await withRecordedRules(objects, run)).map((object) => ({ object })),
    logLines: inputs.logLines,
    patience: inputs.patience,
    signal,
  });
  const isBad = result.findings.some(({ severity }) => severity === 'fatal');
  // A run that began meanwhile may be why.
  if (isBad && (await isLeftToNewer(run, { again: true }))) return;
  state.workloads = result.workloads;
  keep(result.findings, run);
}
