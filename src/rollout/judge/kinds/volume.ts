// PersistentVolumes: available to be claimed, or bound.
import type { V1PersistentVolume } from '@kubernetes/client-node';
import { plain } from '../../../core/plain-text.ts';
import type { KubeObject, Raw } from '../../../kube/objects.ts';
import { typed } from '../../../kube/typed.ts';
import type { Diagnosis, SignalRow } from '../../facts/verdict.ts';
import { type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';

export const volumeRows: readonly SignalRow[] = [
  ['PersistentVolume: phase Failed', 'volume-unbound', 'at once', 'persistentvolume/failed'],
  ['PersistentVolume: phase Released', 'volume-unbound', 'never', 'persistentvolume/released'],
];

type Volume = Raw<V1PersistentVolume>;

/** Ready while it is Available or Bound. */
export function judgeVolume(live: KubeObject): Verdict {
  const { status } = typed<Volume>(live);
  const phase = status?.phase ?? 'Pending';
  if (phase === 'Failed') {
    const findings = [findingOf(live, failedSign(live))];
    return verdictOf('waiting', 'failed', { findings });
  }
  if (phase === 'Released') {
    return verdictOf('ready', 'released', { findings: [findingOf(live, releasedSign(live))] });
  }
  const isReady = phase === 'Available' || phase === 'Bound';
  return verdictOf(isReady ? 'ready' : 'waiting', plain(phase.toLowerCase(), 60));
}

function failedSign(live: KubeObject): Diagnosis {
  const { status } = typed<Volume>(live);
  return {
    code: 'volume-unbound',
    certain: true,
    what: 'it could not be reclaimed, so no claim can use it',
    evidence: [plain(`${status?.reason ?? 'Failed'}: ${status?.message ?? ''}`)],
    hint: 'Delete and recreate it once its data is safe.',
  };
}

function releasedSign(live: KubeObject): Diagnosis {
  const claim = typed<Volume>(live).spec?.claimRef;
  return {
    code: 'volume-unbound',
    severity: 'warning',
    certain: false,
    what: 'it still belongs to a deleted claim, so no other claim can use it',
    evidence: [plain(`spec.claimRef: ${claim?.namespace ?? ''}/${claim?.name ?? ''}`)],
    hint: 'Remove spec.claimRef once its data is safe.',
  };
}
