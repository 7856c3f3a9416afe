// One run under way: what the composition root brings, and what is known so far.
import type { Api } from './cluster/api.ts';
import type { KubeObject } from './cluster/objects.ts';
import type { PlannedObject } from './cluster/planned-object.ts';
import { type RunContext, repositoryOf } from './context.ts';
import type { Finding } from './errors.ts';
import { type BuiltImage, referencesOf } from './images/build.ts';
import type { Inputs } from './inputs.ts';
import type { Lock } from './lock/hold.ts';
import type { Document } from './manifests/document.ts';
import type { Phase } from './manifests/phases.ts';
import type {
  Change,
  Outcome,
  Overtaken,
  ReportedFinding,
  Timing,
  Undone,
  WorkloadResult,
} from './outcome.ts';
import type { Plan } from './plan.ts';
import type { Cluster, GitHub, Ports } from './ports.ts';
import type { OpenRegistry } from './registry/login.ts';
import { homeOf } from './release/proof.ts';
import type { PrunePlan } from './release/prune-plan.ts';
import type { Release } from './release/record.ts';
import { repositoryKey } from './release/repository.ts';
import type { Touched } from './release/undo-plan.ts';
import type { ScanResult } from './scan/result.ts';
import type { Secret } from './secret.ts';

import type { AppliedObject } from './steps/apply-manifests.ts';
import type { ApplySettings } from './steps/apply-settings.ts';
import { type Access, withHints } from './steps/authenticate.ts';
import type { Exports, InstallToolsPorts } from './steps/install-tools.ts';
import type { Scanner } from './steps/prepare-scanner.ts';
import type { KnownReleases } from './steps/read-releases.ts';
import type { InstalledTool } from './tools/install.ts';
import type { Cloud } from './yandex/cloud.ts';
import type { IdTokenRequest } from './yandex/oidc.ts';

/** What the composition root brings: everything that is different on a runner and a terminal. */
export interface Engine {
  readonly ports: Ports;
  /** Reads the kubeconfig; opens nothing yet. */
  connect(access: Access): Promise<Cluster>;
  readonly exports: Exports;
  readonly tools: Omit<InstallToolsPorts, 'log' | 'exports' | 'http' | 'files' | 'shell'>;
  /** The runner's variables, as they were when the run began. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly idToken?: IdTokenRequest;
  /** GitHub's API for a token; only in a run of GitHub. */
  github?(token: Secret): GitHub;
  /** Called before a secret file is made, so that the post step removes it whatever happens. */
  onSecretFile(path: string): void;
  /**
   * Called once, when the work begins: `look` shows at any moment what is to be said if the run hangs
   * just then, with `hangMark` for why. What it gives back is called when that has changed and must
   * be known at once.
   */
  watch?(look: () => Outcome): () => void;
}

/** Stands in the words of a run that hangs for what was seen; no text of ours or of a cluster is it. */
export const hangMark = 'WHAT_THE_WATCHDOG_SAW';

export interface State {
  readonly startedAt: number;
  access?: Access;
  /** Settled as the step that authenticates is; whoever waits for it fails as that did. */
  readonly opened: PromiseWithResolvers<void>;
  /** Settled as the step that reads the manifests is. */
  readonly read: PromiseWithResolvers<void>;
  /** Aborted once a finding is fatal: who only waits for something may stop. */
  readonly failed: AbortController;
  cloud?: Promise<Cloud>;
  /** The Docker configuration of the run's own, from the first time that somebody wants it. */
  registry?: Promise<OpenRegistry>;
  cluster?: Cluster;
  api?: Api;
  /** The lock of the application, where it is used. */
  lock?: Lock;
  namespace?: string;
  /** The tools that were asked for by version, from the first time that somebody wants them. */
  tools?: Promise<readonly InstalledTool[]>;
  /** The manifests as they are written, until they are transformed. */
  loaded: readonly Document[];
  /** What this run built, or found unchanged in the registry: deployed and scanned by digest. */
  built: readonly BuiltImage[];
  documents: readonly Document[];
  /** The documents hold only images of live workloads. */
  partial: boolean;
  /** What is still to be written. */
  planned: readonly PlannedObject[];
  /** The first write may have happened then, milliseconds by the clock. */
  writingSince?: number;
  /** The one that was reached, where the manifests have phases. */
  phase?: Phase;
  applied: readonly AppliedObject[];
  /** Every object whose write was begun, as it was before: in memory only. */
  readonly touched: Map<Document, Touched>;
  /** Something of the application ran before the first write. */
  ranBefore: boolean;
  /** What is recorded of the application, as far as the command needs it. */
  releases?: KnownReleases;
  /** They were read before the lock could be taken: its namespace was not there yet. */
  readUnlocked: boolean;
  /** This run's, once it is recorded; `isRecorded` also where it needs none. */
  release?: Release;
  isRecorded: boolean;
  /** Of a rollback: where it goes back to. */
  returnsTo?: Release;
  /** A newer commit is live, or a newer release than the one to be judged: the rest is left out. */
  overtaken?: Overtaken;
  toPrune?: PrunePlan;
  readonly pruned: KubeObject[];
  undone?: Undone;
  /** `Kind/name` of what was planned and not written, and of writes whose end is not known. */
  left: readonly string[];
  uncertain: readonly string[];
  /** Whose write has begun and has no answer; what an undo has not come to an end with. */
  readonly writing: Set<KubeObject>;
  isApplying: boolean;
  readonly undoing: Set<KubeObject>;
  changes: readonly Change[];
  restarts: Outcome['restarts'];
  unverified: Outcome['unverified'];
  workloads: readonly WorkloadResult[];
  /** Absent until it is prepared, and where it cannot be. */
  scanner?: Scanner;
  readonly scans: ScanResult[];
  /** Work that no step waits for; the report does. */
  readonly background: Promise<void>[];
  /** Ends what is still in the background when the rest of the run is over. */
  readonly overdue: AbortController;
  /** Where files of the run lie that stay: the report goes beside them. */
  folder?: string;
  /** Folders of this run alone, removed when it is over. */
  readonly temporary: string[];
  readonly findings: ReportedFinding[];
  readonly timings: Timing[];
}

export interface Running {
  readonly plan: Plan;
  readonly inputs: Inputs;
  readonly context: RunContext;
  readonly engine: Engine;
  /** Aborted by SIGINT, SIGTERM or Ctrl-C. */
  readonly signal: AbortSignal;
  /** Something has begun that the watchdog must know of. */
  readonly note: () => void;
  readonly state: State;
}

export function newState(startedAt: number): State {
  const opened = Promise.withResolvers<void>();
  // Mostly nobody waits for it: then its failure is that step's alone.
  opened.promise.catch(() => undefined);
  const read = Promise.withResolvers<void>();
  read.promise.catch(() => undefined);
  return {
    startedAt,
    opened,
    loaded: [],
    built: [],
    read,
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

/** name → reference: as the input says, and what was built by its digest. */
export function imagesOf({ inputs, state }: Running): Readonly<Record<string, string>> {
  return { ...inputs.images, ...referencesOf(state.built) };
}

/** Adds findings, with the hints that the way of authentication allows. */
export function keep(findings: readonly Finding[], { state }: Running): void {
  state.findings.push(...(state.access ? withHints(findings, state.access) : findings));
}

export function apiOf({ state }: Running) {
  if (!state.api) throw new Error('a step that needs the cluster ran before authenticate');
  return state.api;
}

/**
 * Where releases are kept, as the lock: the input, else the first by alphabet of the namespaces that
 * objects name, else the context's. Undefined where nothing goes into a namespace.
 */
export function releaseNamespace({ state, inputs }: Running): string | undefined {
  if (state.releases) return state.releases.namespace;
  if (inputs.namespace !== undefined) return inputs.namespace;
  const names = state.documents.flatMap(({ object }) => object.metadata.namespace ?? []);
  return names.toSorted()[0] ?? state.namespace;
}

/** Only GitHub knows a repository's number: a terminal leaves the mark as it is. */
export function repositoryMark(context: RunContext): string | undefined {
  const own = context.on === 'github' ? repositoryOf(context) : undefined;
  return own && repositoryKey(own);
}

/** What the dry run and the write share. */
export function settingsOf(run: Running): ApplySettings {
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
