// Third-party actions that the workflows use, pinned by commit: for the project's own workflows and
// those that `init` writes. Run `npm run docs` after a change.

interface Pin {
  readonly commit: string;
  readonly version: string;
}

const pins = {
  'actions/checkout': { commit: '3d3c42e5aac5ba805825da76410c181273ba90b1', version: 'v7.0.1' },
  'actions/setup-python': { commit: '5fda3b95a4ea91299a34e894583c3862153e4b97', version: 'v7.0.0' },
  'actions/setup-node': { commit: '820762786026740c76f36085b0efc47a31fe5020', version: 'v7.0.0' },
} as const satisfies Readonly<Record<string, Pin>>;

/** The text after `uses: `. */
export function pinned(action: keyof typeof pins): string {
  const { commit, version } = pins[action];
  return `${action}@${commit} # ${version}`;
}
