// How long doubts are borne: at first sight it fails, by the table's thresholds, or never but late.
import type { KubeObject } from '../cluster/objects.ts';
import type { Severity } from '../errors.ts';
import type { Sign } from './sight.ts';

export const patiences = ['strict', 'normal', 'patient'] as const;
export type Patience = (typeof patiences)[number];

export const patienceKey = 'webgen-deploy/patience';

/** What the object asks for by its annotation, else the run's own. */
export function patienceOf(object: KubeObject, ofRun: Patience = 'normal'): Patience {
  const asked = object.metadata.annotations?.[patienceKey];
  return patiences.find((each) => each === asked) ?? ofRun;
}

/**
 * `strict`: what could become fatal is fatal at first sight, but what a read has to prove waits for
 * the read. `patient`: nothing is fatal, the time limit decides.
 */
export function severityOf(
  { certain, severity, proof }: Pick<Sign, 'certain' | 'severity' | 'proof'>,
  patience: Patience,
): Severity {
  if (severity !== undefined && !certain) return severity;
  if (patience === 'patient') return 'warning';
  return certain || (patience === 'strict' && !proof) ? 'fatal' : 'warning';
}
