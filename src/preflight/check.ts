// What every check of the preflight gets, and what it gives back.

import type { Unverified } from '../apply/planned/change.ts';
import type { PlannedObject } from '../apply/planned/planned-object.ts';
import type { Api } from '../cluster/api.ts';
import type { Finding } from '../core/errors.ts';
import type { Clock, Http, Log } from '../core/ports.ts';
import type { Secret } from '../core/secret.ts';
import type { Document } from '../kube/document.ts';
import type { Password } from '../registry/address.ts';
import type { ClusterReader } from './cluster-reader.ts';
import type { RunObjects } from './run-objects.ts';
import type { WorkloadPods } from './workload-pods.ts';

/** What a run knows of registries. */
export interface Registries {
  /** The host that it pushes or logs in to. */
  readonly own: string | undefined;
  readonly authHost: string | undefined;
  /** Images that this run has pushed. */
  readonly pushed: ReadonlySet<string>;
  /** Whether a stranger may have written the manifests. */
  readonly foreign: boolean;
  /** The run's login for a host; never throws. */
  login(host: string): Promise<Password | undefined>;
  mask(secret: Secret): void;
}

/** What is known as soon as the documents are there, beside the dry run. */
export interface Early {
  /** As they will be sent; those of namespaced kinds may still lack their namespace. */
  readonly documents: readonly Document[];
  readonly app: string;
  /** Namespace of objects that name none. */
  readonly namespace: string | undefined;
  /** Shared by all checks: every object and list is read once. */
  readonly cluster: ClusterReader;
  readonly api: Api;
  readonly http: Http;
  readonly registries: Registries;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the run is cancelled, and when the preflight has used up its time. */
  readonly signal: AbortSignal;
}

/** The same once the dry run has answered. */
export interface Preflight extends Early {
  /** Every object that the dry run has accepted, unchanged ones too. */
  readonly planned: readonly PlannedObject[];
  /** What the run itself makes or changes. */
  readonly run: RunObjects;
  /** Every object that makes pods, and whether this run starts some. */
  readonly workloads: readonly WorkloadPods[];
}

export interface CheckResult {
  readonly findings: readonly Finding[];
  /** What could not be checked; the deploy goes on. */
  readonly unchecked: readonly Unverified[];
}

export interface Check {
  readonly name: string;
  /** Begins reads that need no answer of the dry run; the reader keeps them. Never rejects. */
  ahead?(early: Early): void;
  /**
   * Changes nothing. A finding is fatal only where it is certain, and then only for pods that this run
   * starts; whatever is only likely is a warning.
   */
  run(preflight: Preflight): Promise<CheckResult>;
}
