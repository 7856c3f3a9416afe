// The properties of each command, one row each. Their steps are in plan.ts.

interface CommandFacts {
  /** The line of `--help`. */
  readonly about: string;
  readonly needsCluster: boolean;
  /** It changes the cluster. */
  readonly writes: boolean;
  /** It takes manifests or images to a target: both have to be known. */
  readonly deploys: boolean;
  readonly scans: boolean;
  /** Before and after the application and its place, in the verdict. */
  readonly phrases: {
    readonly doing: string;
    readonly done: string;
    readonly place: 'to' | 'in';
  };
}

export const commands = {
  deploy: {
    about: 'apply the manifests and wait (default)',
    needsCluster: true,
    writes: true,
    deploys: true,
    scans: true,
    phrases: { doing: 'Deploying', done: 'Deployed', place: 'to' },
  },
  diff: {
    about: 'show what deploy would change',
    needsCluster: true,
    writes: false,
    deploys: true,
    scans: true,
    phrases: { doing: 'Comparing', done: 'Compared with the cluster:', place: 'in' },
  },
  status: {
    about: 'judge what is live',
    needsCluster: true,
    writes: false,
    deploys: false,
    scans: false,
    phrases: { doing: 'Checking', done: 'Checked', place: 'in' },
  },
  rollback: {
    about: 'go back to an earlier release',
    needsCluster: true,
    writes: true,
    deploys: false,
    scans: false,
    phrases: { doing: 'Rolling back', done: 'Rolled back', place: 'in' },
  },
  history: {
    about: 'list the releases',
    needsCluster: true,
    writes: false,
    deploys: false,
    scans: false,
    phrases: { doing: 'Listing the releases of', done: 'Listed the releases of', place: 'in' },
  },
  setup: {
    about: 'install kubectl and yc',
    needsCluster: false,
    writes: false,
    deploys: false,
    scans: false,
    phrases: { doing: 'Setting up', done: 'Tools and access are set up', place: 'in' },
  },
  build: {
    about: 'build and push the images of build',
    needsCluster: false,
    writes: false,
    deploys: false,
    scans: true,
    phrases: { doing: 'Building', done: 'Built', place: 'to' },
  },
  scan: {
    about: 'look for vulnerabilities in images and manifests',
    needsCluster: false,
    writes: false,
    deploys: false,
    scans: true,
    phrases: { doing: 'Scanning', done: 'Scanned', place: 'in' },
  },
} as const satisfies Readonly<Record<string, CommandFacts>>;

export type Command = keyof typeof commands;

export const commandNames = Object.keys(commands) as readonly Command[];

/** Undefined if no command has that name. */
export const commandNamed = (name: string | undefined): Command | undefined =>
  commandNames.find((command) => command === name);

/** Whether the command changes the cluster. */
export const plansWrite = (command: Command): boolean => commands[command].writes;
