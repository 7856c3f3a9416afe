// One bar of the timeline: how long something took.
/** One bar of the timeline. Milliseconds since the epoch. */
export interface Timing {
  readonly section: 'prepare' | 'build' | 'scan' | 'apply' | 'rollout';
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly failed?: boolean;
}
