// Settings shared by the dry run and the write of one run.
import type { Api } from '../../cluster/api.ts';
import type { Clock, Log } from '../../core/ports.ts';
import type { Marks } from '../../kube/home.ts';

export interface ApplySettings extends Marks {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Log;
  readonly app: string;
  /** The namespace of objects that name none. */
  readonly namespace: string | undefined;
  readonly createNamespace: boolean;
  readonly forceConflicts: boolean;
  readonly restartOnConfig: boolean;
  /** Nothing will be written: without permission to dry-run, an object is compared by reading or left out. */
  readonly preview?: boolean;
  /** The documents hold only part of what client-side apply owns, so that is not taken over. */
  readonly partial?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Deadline, by the clock, for awaiting a running task before it is replaced. */
  readonly deadline?: number | undefined;
}
