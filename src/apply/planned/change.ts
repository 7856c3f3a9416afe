// What a run does to one object.
export interface Change {
  /** `Kind/name`. */
  readonly object: string;
  readonly namespace?: string;
  readonly change: ChangeKind;
  /** Dotted paths of what differs, for `diff` and the report. Never a Secret's values. */
  readonly fields?: readonly string[];
  /** `diff`: a readable difference between the two, Secret values hidden. */
  readonly patch?: string;
}

export type ChangeKind = 'created' | 'configured' | 'unchanged' | 'recreated' | 'deleted';

/** A workload whose pods are restarted. */
export interface Restart {
  readonly object: string;
  readonly namespace?: string;
  readonly because: readonly string[];
}

/** Why no dry run could check it before the first write. */
export interface Unverified {
  readonly object: string;
  readonly why: string;
}
