// Everything that reads and dry runs can prove wrong before the first write: all checks side by side.

import type { PlannedObject } from '../apply/planned/planned-object.ts';
import { ActionError } from '../core/errors.ts';
import type { Check, CheckResult, Early } from './check.ts';
import { clusterReader } from './cluster-reader.ts';
import { dryRunPods } from './dry-run-pods.ts';
import { images } from './images.ts';
import { objectSet } from './object-set.ts';
import { quota } from './quota.ts';
import { references } from './references.ts';
import { runObjects } from './run-objects.ts';
import { surroundings } from './surroundings.ts';
import { type PodsAsked, workloadPods } from './workload-pods.ts';

/** One row each; the order is the order of the report. */
const checks: readonly Check[] = [objectSet, references, dryRunPods, images, quota, surroundings];

/** More than any of the checks needs; a cluster that is this slow is not waited for. */
const mostMs = 20_000;

export interface PreflightRun {
  /** Runs the checks on what the dry run has answered, for at most 20 s; it changes nothing. */
  finish(planned: readonly PlannedObject[], asked: PodsAsked): Promise<CheckResult>;
}

/** Starts the reads that need no answer of the dry run. `given.signal` ends them. */
export function startPreflight(given: Omit<Early, 'cluster'>): PreflightRun {
  const limit = new AbortController();
  const signal = AbortSignal.any([given.signal, limit.signal]);
  const early: Early = { ...given, signal, cluster: clusterReader(given.api, signal) };
  for (const { ahead } of checks) ahead?.(early);
  return {
    async finish(planned, asked) {
      const run = runObjects(planned, early.documents, early.namespace);
      const workloads = workloadPods(planned, asked);
      const preflight = { ...early, planned, run, workloads };
      const timer = setTimeout(() => limit.abort(), mostMs);
      const results = await Promise.all(
        checks.map((check) => carriedOut(check, preflight)),
      ).finally(() => clearTimeout(timer));
      return {
        findings: results.flatMap(({ findings }) => findings),
        unchecked: results.flatMap(({ unchecked }) => unchecked),
      };
    },
  };
}

/** A check that gets no answer is left out: the deploy itself will say what is wrong. */
async function carriedOut(
  check: Check,
  preflight: Parameters<Check['run']>[0],
): Promise<CheckResult> {
  try {
    return await check.run(preflight);
  } catch (error) {
    const timedOut = preflight.signal.aborted;
    if (!timedOut && !(error instanceof ActionError)) throw error;
    const why =
      error instanceof ActionError ? error.findings[0].what : 'there was no answer in time';
    return { findings: [], unchecked: [{ object: check.name, why }] };
  }
}
