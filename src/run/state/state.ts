// The state of a run: what the composition root provides, and what is known so far.

import type { AppliedObject } from '../../apply/apply-manifests.ts';
import type { ApplySettings } from '../../apply/planned/apply-settings.ts';
import type { Change, Restart, Undone, Unverified } from '../../apply/planned/change.ts';
import type { PlannedObject } from '../../apply/planned/planned-object.ts';
import type { Api } from '../../cluster/api.ts';
import { type Access, withHints } from '../../connect/authenticate.ts';
import { type RunContext, repositoryOf } from '../../core/context.ts';
import type { Finding, ReportedFinding } from '../../core/errors.ts';
import type { Cluster } from '../../core/ports.ts';
import type { Timing } from '../../core/timing.ts';
import { type BuiltImage, referencesOf } from '../../images/built.ts';
import type { Inputs } from '../../inputs/types.ts';
import type { Document } from '../../kube/document.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { Lock } from '../../lock/hold.ts';
import type { Phase } from '../../manifests/phases.ts';
import type { OpenRegistry } from '../../registry/login.ts';
import type { KnownReleases } from '../../releases/known.ts';
import { homeOf } from '../../releases/proof.ts';
import type { PrunePlan } from '../../releases/prune-plan.ts';
import type { Release } from '../../releases/record.ts';
import { repositoryKey } from '../../releases/repository.ts';
import type { Overtaken } from '../../report/outcome.ts';
import type { WorkloadResult } from '../../rollout/facts/verdict.ts';
import type { Scanner } from '../../scan/prepare-scanner.ts';
import type { ScanResult } from '../../scan/result.ts';
import type { InstalledTool } from '../../tools/install.ts';
import type { Touched } from '../../undo/undo-plan.ts';
import type { Cloud } from '../../yandex/cloud.ts';
import type { Engine } from './engine.ts';
import type { Fact, Plan } from './step.ts';

/** Placeholder for the evidence of a hang; it cannot occur in our text or a cluster's. */
export const hangMark = 'WHAT_THE_WATCHDOG_SAW';

/** The way to the cluster, once there is one. */
export interface Connection {
  readonly access: Access;
  readonly cluster: Cluster;
  readonly api: Api;
}

export interface State {
  readonly startedAt: number;
  connection?: Connection;
  /** Settles when the step that gives it does; whatever waits for it fails with the same error. */
  readonly given: Readonly<Record<Fact, PromiseWithResolvers<void>>>;
  /** Aborted once a finding is fatal, so that steps that only wait can stop. */
  readonly failed: AbortController;
  cloud?: Promise<Cloud>;
  /** The run's own Docker configuration, created when first needed. */
  registry?: Promise<OpenRegistry>;
  /** The lock of the application, where it is used. */
  lock?: Lock;
  namespace?: string;
  /** The tools requested by version, installed when first needed. */
  tools?: Promise<readonly InstalledTool[]>;
  /** The manifests as written, before any transformation. */
  loaded: readonly Document[];
  /** Images that this run built, or found unchanged in the registry: deployed and scanned by digest. */
  built: readonly BuiltImage[];
  documents: readonly Document[];
  /** The documents only hold images for live workloads. */
  partial: boolean;
  /** What remains to be written. */
  planned: readonly PlannedObject[];
  /** The earliest moment of the first write, milliseconds by the local clock. */
  writingSince?: number;
  /** The phase that was reached, where the manifests have phases. */
  phase?: Phase;
  applied: readonly AppliedObject[];
  /** Every object whose write was started, as it was before: in memory only. */
  readonly touched: Map<Document, Touched>;
  /** Something of the application ran before the first write. */
  ranBefore: boolean;
  /** The recorded releases of the application, as far as the command needs them. */
  releases?: KnownReleases;
  /** They were read before the lock could be taken: its namespace did not exist yet. */
  readUnlocked: boolean;
  /** This run's, once it is recorded; `isRecorded` is also set where it needs none. */
  release?: Release;
  isRecorded: boolean;
  /** For a rollback: the release to restore. */
  returnsTo?: Release;
  /** A newer commit is live, or a newer release than the one to judge: the rest of the run is skipped. */
  overtaken?: Overtaken;
  toPrune?: PrunePlan;
  readonly pruned: KubeObject[];
  undone?: Undone;
  /** `Kind/name` of what was planned and not written, and of writes with an unknown result. */
  left: readonly string[];
  uncertain: readonly string[];
  /** Writes that were started and not answered; objects that an undo has not finished. */
  readonly writing: Set<KubeObject>;
  isApplying: boolean;
  readonly undoing: Set<KubeObject>;
  changes: readonly Change[];
  restarts: readonly Restart[];
  unverified: readonly Unverified[];
  workloads: readonly WorkloadResult[];
  /** Absent until it is prepared, and where it cannot be. */
  scanner?: Scanner;
  readonly scans: ScanResult[];
  /** Work that no step waits for; the report does. */
  readonly background: Promise<void>[];
  /** Stops the background work once the rest of the run is over. */
  readonly overdue: AbortController;
  /** The folder of the run's files that are kept: the report is written there too. */
  folder?: string;
  /** Folders of this run alone, removed at its end. */
  readonly temporary: string[];
  readonly findings: ReportedFinding[];
  readonly timings: Timing[];
}

export interface Run {
  readonly plan: Plan;
  readonly inputs: Inputs;
  readonly context: RunContext;
  readonly engine: Engine;
  /** Aborted by SIGINT, SIGTERM or Ctrl-C. */
  readonly signal: AbortSignal;
  /** Notifies the watchdog that something has begun. */
  readonly note: () => void;
  readonly state: State;
}

/** A run with a connection: everything that talks to the cluster takes this type. */
export type Connected = Run & { readonly state: { readonly connection: Connection } };

function promised(): PromiseWithResolvers<void> {
  const fact = Promise.withResolvers<void>();
  // Often nothing waits for it: then its failure is reported by its own step alone.
  fact.promise.catch(() => undefined);
  return fact;
}

export function newState(startedAt: number): State {
  return {
    startedAt,
    given: {
      connection: promised(),
      documents: promised(),
      'dry-run': promised(),
      preflight: promised(),
      releases: promised(),
      'prune-plan': promised(),
      applied: promised(),
    },
    loaded: [],
    built: [],
    failed: new AbortController(),
    documents: [],
    partial: false,
    planned: [],
    applied: [],
    touched: new Map(),
    ranBefore: false,
    readUnlocked: false,
    isRecorded: false,
    pruned: [],
    left: [],
    uncertain: [],
    writing: new Set(),
    isApplying: false,
    undoing: new Set(),
    changes: [],
    restarts: [],
    unverified: [],
    workloads: [],
    scans: [],
    background: [],
    overdue: new AbortController(),
    temporary: [],
    findings: [],
    timings: [],
  };
}

/** name → reference: from the input, and what was built by its digest. */
export function imagesOf({ inputs, state }: Run): Readonly<Record<string, string>> {
  return { ...inputs.images, ...referencesOf(state.built) };
}

/** Adds findings, with the hints that fit the authentication method. */
export function keep(findings: readonly Finding[], { state }: Run): void {
  const access = state.connection?.access;
  state.findings.push(...(access ? withHints(findings, access) : findings));
}

export const apiOf = ({ state }: Connected): Api => state.connection.api;

/** For what may run without a cluster: waits for the connection where one is opened. */
export async function connected(run: Run): Promise<Connected | undefined> {
  if (!run.inputs.target) return undefined;
  await run.state.given.connection.promise;
  return isConnected(run) ? run : undefined;
}

export const isConnected = (run: Run): run is Connected => run.state.connection !== undefined;

/**
 * Where releases and the lock are kept: the input, else the first by alphabet of the namespaces that
 * objects name, else the context's. Undefined where nothing has a namespace.
 */
export function releaseNamespace({ state, inputs }: Run): string | undefined {
  if (state.releases) return state.releases.namespace;
  if (inputs.namespace !== undefined) return inputs.namespace;
  return namespaceOfDocuments(state);
}

/** The first by alphabet that an object names, else the context's. */
export function namespaceOfDocuments({ documents, namespace }: State): string | undefined {
  const names = documents.flatMap(({ object }) => object.metadata.namespace ?? []);
  return names.toSorted()[0] ?? namespace;
}

/** Only GitHub knows a repository's id: a terminal leaves the mark unchanged. */
export function repositoryMark(context: RunContext): string | undefined {
  const own = context.on === 'github' ? repositoryOf(context) : undefined;
  return own && repositoryKey(own);
}

/** The options shared by the dry run and the write. */
export function settingsOf(run: Connected): ApplySettings {
  const { inputs, context, engine, state, signal } = run;
  const { app, createNamespace, forceConflicts, restartOnConfig } = inputs;
  const namespace = releaseNamespace(run);
  return {
    api: apiOf(run),
    clock: engine.ports.clock,
    log: engine.ports.log,
    app,
    namespace: state.namespace,
    createNamespace,
    forceConflicts,
    restartOnConfig,
    preview: inputs.command === 'diff',
    partial: state.partial,
    home: namespace === undefined ? undefined : homeOf({ app, namespace }),
    repository: repositoryMark(context),
    signal,
  };
}
