// What a terminal says of commands: those that it alone has, where each is explained, and exit codes.
import type { Command } from '../core/commands.ts';
import type { DocsPage } from '../core/version.ts';
import { type InputName, inputTable } from '../inputs/contract.ts';

interface OwnFlag {
  /** As help writes it, dashes and value included. */
  readonly form: string;
  readonly about: string;
  readonly takes: 'text' | 'switch';
}

interface TerminalCommand {
  /** Words after its name. */
  readonly words?: string;
  readonly about: string;
  /** Inputs that mean something for it. */
  readonly inputs: readonly InputName[];
  readonly own: Readonly<Record<string, OwnFlag>>;
}

const names = Object.keys(inputTable) as readonly InputName[];

/** Commands that the terminal alone has, one row each, with the flags that they take. */
export const terminalCommands: Readonly<Record<string, TerminalCommand>> = {
  diagnose: {
    words: 'FILE…',
    about: 'judge saved objects, without a cluster; - is standard input',
    inputs: ['patience'],
    own: {
      now: {
        form: '--now TIME',
        about: 'when the files were saved, RFC 3339. (default: the latest time in them)',
        takes: 'text',
      },
    },
  },
  init: {
    about: "write workflows and manifests into an application's repository",
    inputs: ['app', 'namespace'],
    own: {
      services: {
        form: '--services NAME:PORT[/PATH] …',
        about: 'what the application consists of.',
        takes: 'text',
      },
      yes: { form: '--yes', about: 'take what is proposed, ask nothing.', takes: 'switch' },
      'dry-run': { form: '--dry-run', about: 'say what would be written.', takes: 'switch' },
      force: { form: '--force', about: 'overwrite files that are there.', takes: 'switch' },
      reusable: {
        form: '--reusable',
        about: 'call the reusable workflows instead of writing out jobs.',
        takes: 'switch',
      },
      'build-environment': {
        form: '--build-environment NAME',
        about:
          "the build's own GitHub environment, where production has reviewers: they are asked for the deploy alone.",
        takes: 'text',
      },
      pin: {
        form: '--pin[=COMMIT]',
        about: 'name webgen-deploy by its commit instead of by v1.',
        takes: 'switch',
      },
    },
  },
  doctor: {
    about: 'check workflows, key, roles, cluster and rights, and say what repairs them',
    inputs: names
      .filter((name) => /^(?:yc-(?!version|sha256)|kube-?con|registry)/.test(name))
      .concat(['cluster-endpoint', 'namespace']),
    own: {},
  },
};

/** Names of the flags of all of them that take a text, or none. */
export const ownFlagNames = (takes: OwnFlag['takes']): readonly string[] =>
  Object.values(terminalCommands).flatMap(({ own }) =>
    Object.keys(own).filter((name) => own[name]?.takes === takes),
  );

interface CommandPage {
  readonly page: DocsPage;
  /** Without the program's name. */
  readonly examples: readonly [string, ...string[]];
}

const overlay = '--manifests manifests/overlays/staging';

/** Where each command is explained, and how it is called. */
export const commandPages = {
  deploy: {
    page: 'guide/start',
    examples: [
      `deploy --environment staging --namespace web ${overlay}`,
      'deploy --environment staging --namespace web --images backend=registry.example/backend:2.0',
    ],
  },
  diff: {
    page: 'guide/preview',
    examples: [`diff --environment staging --namespace web ${overlay}`],
  },
  status: {
    page: 'guide/troubleshooting',
    examples: ['status --environment staging --namespace web'],
  },
  rollback: {
    page: 'guide/rollback-and-prune',
    examples: [
      'rollback --environment production --namespace web',
      'rollback --environment production --namespace web --to-release 41',
    ],
  },
  history: {
    page: 'guide/rollback-and-prune',
    examples: ['history --environment production --namespace web'],
  },
  setup: {
    page: 'reference/commands',
    examples: ['setup --yc-k8s-cluster-id catabc --yc-sa-json-credentials @key.json'],
  },
  build: {
    page: 'guide/build',
    examples: [
      'build --environment staging --registry registry.example/shop --bake-file docker-bake.hcl',
    ],
  },
  scan: {
    page: 'guide/scan',
    examples: [
      'scan --environment staging --scan gate --images backend=registry.example/backend:2.0',
    ],
  },
  diagnose: { page: 'guide/terminal', examples: ['diagnose state.yaml', 'diagnose -'] },
  init: {
    page: 'guide/start',
    examples: [
      'init',
      'init --app shop --services backend:8000/health --services frontend:3000 --yes',
    ],
  },
  doctor: {
    page: 'guide/terminal',
    examples: [
      'doctor --namespace shop --yc-k8s-cluster-id catabc --yc-sa-json-credentials @key.json',
    ],
  },
} as const satisfies Readonly<Record<Command | 'diagnose' | 'init' | 'doctor', CommandPage>>;

/** What the program's end means to whoever started it. */
export const exitCodes = {
  0: { short: 'done', about: 'It is done. `diff` and `status` found nothing wrong.' },
  1: { short: 'failed', about: 'Something failed; the last lines say what.' },
  2: {
    short: 'wrong use',
    about: 'Flags or inputs are wrong or cannot be read; nothing was begun.',
  },
  130: {
    short: 'interrupted',
    about: 'It was interrupted (Ctrl-C, SIGTERM); it says what it left.',
  },
  137: { short: 'hung', about: 'It hung, and its watchdog ended it.' },
} as const;
