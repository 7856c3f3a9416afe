// How long doubts are borne: at first context it fails, by the table's thresholds, or never but late.

import type { Severity } from '../../core/errors.ts';
import type { Patience } from '../../kube/annotations.ts';
import { patienceKey, patiences } from '../../kube/annotations.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { Diagnosis } from './verdict.ts';

/** What the object asks for by its annotation, else the run's own. */
export function patienceOf(object: KubeObject, ofRun: Patience = 'normal'): Patience {
  const asked = object.metadata.annotations?.[patienceKey];
  return patiences.find((each) => each === asked) ?? ofRun;
}

/**
 * `strict`: what could become fatal is fatal at first context, but what a read has to prove waits for
 * the read. `patient`: nothing is fatal, the time limit decides.
 */
export function severityOf(
  { certain, severity, proof }: Pick<Diagnosis, 'certain' | 'severity' | 'proof'>,
  patience: Patience,
): Severity {
  if (severity !== undefined && !certain) return severity;
  if (patience === 'patient') return 'warning';
  return certain || (patience === 'strict' && !proof) ? 'fatal' : 'warning';
}
