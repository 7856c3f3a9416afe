// What the dry run and the write of one run share.
import type { Api } from '../../cluster/api.ts';
import type { Clock, Log } from '../../core/ports.ts';
import type { Marks } from '../../kube/home.ts';

export interface ApplySettings extends Marks {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Log;
  readonly app: string;
  /** Where objects go that name none. */
  readonly namespace: string | undefined;
  readonly createNamespace: boolean;
  readonly forceConflicts: boolean;
  readonly restartOnConfig: boolean;
  /** Nothing will be written: what cannot be asked is compared by reading, or left out. */
  readonly preview?: boolean;
  /** The documents hold only some of what client-side apply owns: that is not taken over. */
  readonly partial?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Until then a task that still runs is awaited before it is replaced; by the clock. */
  readonly deadline?: number | undefined;
}
