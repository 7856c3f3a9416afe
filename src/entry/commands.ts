// Commands that the terminal alone has, one row each: what help says of them, and which flags they take.
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
