// What is wrong with the pods of a workload, as a finding at the field of its manifest.

import type { Code } from '../core/codes.ts';
import { type Finding, finding, type Severity } from '../core/errors.ts';
import { plain } from '../core/plain-text.ts';
import { type Path, placeOf, secretsInput, subjectOf } from '../kube/document.ts';
import { nameOf } from '../kube/objects.ts';
import type { WorkloadPods } from './workload-pods.ts';

export interface PodProblem {
  readonly code: Code;
  /** Completes `Deployment/web: `. */
  readonly what: string;
  /** Below the pod's spec. */
  readonly field: Path;
  readonly container?: string | undefined;
  readonly evidence: readonly string[];
  readonly hint?: string | undefined;
  /** Why it is not certain; undefined: it is. */
  readonly doubt?: string | undefined;
  /** Of a doubt; default: a warning. */
  readonly doubtful?: Severity;
}

/** Fatal where it is certain and this run starts the pods; otherwise the evidence says why it is not. */
export function podFinding(workload: WorkloadPods, problem: PodProblem): Finding {
  const { planned, template, dormant, starts } = workload;
  const { code, what, field, container, evidence, hint, doubt, doubtful = 'warning' } = problem;
  const { document, object } = planned;
  const why = doubt ?? (starts ? undefined : dormant);
  const severity = doubt !== undefined ? doubtful : starts ? 'fatal' : 'warning';
  const isWritten = document.file !== '' && document.file !== secretsInput;
  return finding(code, `${plain(nameOf(object), 200)}: ${what}`, {
    severity,
    ...subjectOf(object),
    ...(container === undefined ? {} : { container: plain(container, 80) }),
    ...(isWritten ? placeOf(document, [...template, 'spec', ...field]) : {}),
    evidence: [...evidence, ...(why ? [`not certain to fail the run: ${why}`] : [])],
    ...(hint === undefined ? {} : { hint }),
  });
}
