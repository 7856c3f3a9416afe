// One step of a plan, as data, and the facts that steps pass to each other.
import type { Command } from '../../core/commands.ts';
import type { ClusterTarget } from '../../inputs/types.ts';
import type { Phase } from '../../manifests/phases.ts';
import type { ScanMode } from '../../scan/result.ts';

export type Step =
  | { readonly do: 'authenticate'; readonly target: ClusterTarget }
  | { readonly do: 'install-tools'; readonly tools: readonly string[] }
  | { readonly do: 'load-manifests'; readonly entries: readonly string[] }
  | { readonly do: 'build-images'; readonly names: readonly string[] }
  | { readonly do: 'pin-images' }
  | { readonly do: 'prepare-scanner'; readonly mode: ScanMode }
  | { readonly do: 'scan'; readonly mode: ScanMode; readonly baseline: boolean }
  | { readonly do: 'find-workloads'; readonly images: readonly string[] }
  | { readonly do: 'acquire-lock'; readonly timeoutMs: number }
  | { readonly do: 'dry-run' }
  | { readonly do: 'preflight'; readonly checks: boolean }
  | { readonly do: 'apply'; readonly phase?: Phase }
  | { readonly do: 'await-rollout'; readonly timeoutMs: number; readonly phase?: Phase }
  | { readonly do: 'judge' }
  | { readonly do: 'read-releases'; readonly contents: boolean; readonly optional: boolean }
  | { readonly do: 'choose-release'; readonly to?: number }
  | { readonly do: 'plan-prune'; readonly confirmed: boolean }
  | { readonly do: 'prune' }
  | UndoStep;

/** After a failure: `removeCreated` also where nothing ran before. */
export interface UndoStep {
  readonly do: 'undo';
  readonly timeoutMs: number;
  readonly wait: boolean;
  readonly removeCreated: boolean;
}

export type StepName = Step['do'];
export type StepOf<K extends StepName> = Extract<Step, { readonly do: K }>;

export interface Plan {
  readonly command: Command;
  readonly app: string;
  readonly environment: string;
  /** Waves run one after the other; the steps of a wave run side by side. */
  readonly waves: readonly (readonly Step[])[];
  /** Only where the run fails after its first write. */
  readonly undo?: UndoStep;
}

/** Something that one step produces and another requires. */
const facts = [
  /** Credentials, and the API server behind them. */
  'connection',
  /** The objects of the application, as they will be sent. */
  'documents',
  /** The change that each write would make. */
  'dry-run',
  /** Whether reads and dry-run pods prove that it cannot work. */
  'preflight',
  /** The recorded releases, if any. */
  'releases',
  /** Objects to delete because this release no longer has them. */
  'prune-plan',
  /** Written objects. */
  'applied',
] as const;

export type Fact = (typeof facts)[number];
