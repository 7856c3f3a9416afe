// The objects of the application: from manifests, or from the live workloads whose images are set.

import { liveImageDocuments } from '../../apply/live-workloads.ts';
import type { Finding } from '../../core/errors.ts';
import { isUntrusted } from '../../core/guard.ts';
import { counted } from '../../core/text.ts';
import { loadManifests } from '../../manifests/load/load-manifests.ts';
import { transform } from '../../manifests/transform.ts';
import { type Connected, imagesOf, keep, type Run, settingsOf } from '../state/state.ts';
import type { StepOf } from '../state/step.ts';
import { kubectlPath } from './tools.ts';

export async function readManifests(
  { entries }: StepOf<'load-manifests'>,
  run: Run,
): Promise<void> {
  const { engine, context, state, signal, inputs } = run;
  const { ports } = engine;
  const untrusted = isUntrusted(context);
  const kubectl = () => kubectlPath(run);
  const loaded = await loadManifests(entries, { ports, context, untrusted, kubectl, signal });
  state.loaded = loaded.documents;
  // What is still being built is checked by its name, so that a mistake shows at once.
  const expected = Object.fromEntries((inputs.build?.images ?? []).map(({ name }) => [name, name]));
  keep([...loaded.findings, ...setDocuments({ ...inputs.images, ...expected }, run)], run);
  ports.log.info(`${counted(state.documents.length, 'object')} from ${entries.join(', ')}`);
}

export async function pinImages(_: unknown, run: Run): Promise<void> {
  // The other ones were told when the manifests were read.
  const findings = setDocuments(imagesOf(run), run);
  keep(
    findings.filter(({ severity }) => severity === 'fatal'),
    run,
  );
}

export async function findWorkloads(_: unknown, run: Connected): Promise<void> {
  const found = await liveImageDocuments(imagesOf(run), settingsOf(run));
  keep(found.findings, run);
  const secrets = transform([], { ...run.inputs, images: {} });
  keep(secrets.findings, run);
  run.state.documents = [...secrets.documents, ...found.documents];
  run.state.partial = true;
}

function setDocuments(images: Readonly<Record<string, string>>, run: Run): readonly Finding[] {
  const { inputs, state } = run;
  const { documents, findings } = transform(state.loaded, {
    ...inputs,
    images,
    ...(inputs.namespace ? { namespace: inputs.namespace } : {}),
  });
  state.documents = documents;
  return findings;
}
