// How soon a suspected failure becomes fatal: at first sight, by the table's thresholds, or never.

import type { Severity } from '../../core/errors.ts';
import type { Patience } from '../../kube/annotations.ts';
import { patienceKey, patiences } from '../../kube/annotations.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { Diagnosis } from './verdict.ts';

/** The object's annotation, or else the run's setting. */
export function patienceOf(object: KubeObject, ofRun: Patience = 'normal'): Patience {
  const asked = object.metadata.annotations?.[patienceKey];
  return patiences.find((each) => each === asked) ?? ofRun;
}

/**
 * `strict`: whatever could become fatal is fatal at first sight; only what a read has to prove waits for
 * that read. `patient`: nothing is fatal, the time limit decides.
 */
export function severityOf(
  { certain, severity, proof }: Pick<Diagnosis, 'certain' | 'severity' | 'proof'>,
  patience: Patience,
): Severity {
  if (severity !== undefined && !certain) return severity;
  if (patience === 'patient') return 'warning';
  return certain || (patience === 'strict' && !proof) ? 'fatal' : 'warning';
}
