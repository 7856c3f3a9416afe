// The codes of recorded releases: each with what it means in a line, and its usual hint.
export const releaseCodes = {
  'release-invalid': [
    'A recorded release is not what a deploy writes, or claims what is not proven.',
    'Deploy the commit again instead of going back to the record, and delete its Secret.',
  ],
  'app-taken': [
    'Another repository deploys an application of this name here.',
    'Give the application another name, or set take-over: true where both share it on purpose.',
  ],
  'older-commit': [
    'The commit is older than the one that is live.',
    'Deploy the newer commit, or set allow-older: true to deploy this one all the same.',
  ],
  'release-not-found': ['There is no such release.', 'Take one of those that `history` lists.'],
  'prune-refused': ['Too much would be pruned.', 'If the list is right, set prune-confirm: true.'],
  'rollback-failed': [
    'What a failed run had changed could not be put back.',
    'Read what is in the way; run the last good deploy again.',
  ],
} as const satisfies Record<string, readonly [string, string]>;
