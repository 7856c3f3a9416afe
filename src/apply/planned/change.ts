// What a run does to one object.
export interface Change {
  /** `Kind/name`. */
  readonly object: string;
  readonly namespace?: string;
  readonly change: ChangeKind;
  /** Dotted paths of what differs, for `diff` and the report. Never a Secret's values. */
  readonly fields?: readonly string[];
  /** `diff`: a readable difference of the two, Secret values hidden. */
  readonly patch?: string;
}

export type ChangeKind = 'created' | 'configured' | 'unchanged' | 'recreated' | 'deleted';

/** A workload whose pods start anew. */
export interface Restart {
  readonly object: string;
  readonly namespace?: string;
  readonly because: readonly string[];
}

/** What no dry run could check before the first write, and why. */
export interface Unverified {
  readonly object: string;
  readonly why: string;
}
