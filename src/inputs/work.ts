// The rules that determine what is deployed and where: application, environment, manifests, images.
import { commands } from '../core/commands.ts';
import type { RunContext } from '../core/context.ts';
import type { Finding } from '../core/errors.ts';
import { didYouMean, invalid, toDnsLabel } from '../core/readers.ts';
import type { ReadFields } from './fields.ts';
import type { Inputs } from './types.ts';

/** Facts about the machine from the caller, since reading inputs does no I/O. */
export interface Facts {
  /** Names of the folders in `manifests/overlays` of the workspace. */
  readonly overlays: readonly string[];
  /** `KUBECONFIG`, or the path of `~/.kube/config` if that file exists. Used on a terminal only. */
  readonly defaultKubeconfig?: string | undefined;
}

type Found = Pick<Inputs, 'app' | 'environment' | 'manifests'>;

export interface Work {
  readonly value: Found;
  readonly findings: readonly Finding[];
}

const environments: Readonly<Record<string, string>> = {
  main: 'production',
  develop: 'staging',
};

/** The environment implied by the event: never derived from the name of a pull request's branch. */
function environmentOf(context: RunContext, command: Inputs['command']): string {
  const pushed =
    context.event === 'push' ? /^refs\/heads\/(.+)$/.exec(context.ref)?.[1] : undefined;
  const wanted = /^(?:pull_request|merge_group$)/.test(context.event) ? context.baseRef : undefined;
  const branch = pushed ?? (command === 'diff' ? wanted : undefined) ?? '';
  return Object.hasOwn(environments, branch) ? (environments[branch] ?? '') : '';
}

/** The repository's name as a DNS label; on a terminal without a repository, the folder's name. */
function defaultApp({ repository, workspace }: RunContext): string {
  const path = repository || workspace;
  return toDnsLabel(path.split(/[/\\]/).findLast((part) => part !== '') ?? '');
}

/** Fills in defaults from the event and the workspace; `known` is false if the command was wrong. */
export function findWork(
  read: ReadFields,
  context: RunContext,
  facts: Facts & { readonly known: boolean },
): Work {
  const { values, wrong } = read;
  const app = values.app ?? defaultApp(context);
  const environment = values.environment ?? environmentOf(context, values.command);
  const standard = environment !== '' && facts.overlays.includes(environment);
  const manifests = values.manifests ?? (standard ? [`manifests/overlays/${environment}`] : []);
  const value = { app, environment, manifests };
  const findings: Finding[] = [];
  const deploys = facts.known && commands[values.command].deploys;
  if (app === '' && facts.known && values.command !== 'setup' && !wrong.has('app')) {
    const what = "is missing, and the repository's name has no letter or digit";
    findings.push(invalid('app', what, 'Give the application a name.'));
  }
  if (deploys && environment === '' && !wrong.has('environment')) {
    findings.push(missingEnvironment(context));
  }
  const nothing = manifests.length === 0 && !namesImages(values);
  if (deploys && nothing && !wrong.has('manifests') && !wrong.has('images')) {
    findings.push(missingManifests(environment, facts.overlays));
  }
  return { value, findings };
}

function namesImages(values: ReadFields['values']): boolean {
  return [values.images, values.build, values['bake-file']].some((each) => each !== undefined);
}

function missingEnvironment({ on, event }: RunContext): Finding {
  if (on === 'terminal') {
    return invalid('environment', 'is missing', 'Write, for example, --environment staging.');
  }
  const given = `a run on \`${event}\` from this branch or tag`;
  const hint = `Set it, for example environment: staging. Only a push to main (production) or \
develop (staging) says it by itself, and diff on a pull request to one of them.`;
  return invalid('environment', `is missing, and ${given} does not say it`, hint);
}

function missingManifests(environment: string, overlays: readonly string[]): Finding {
  const folder = `manifests/overlays/${environment || '<environment>'}`;
  const guess = environment === '' ? '' : didYouMean(environment, overlays);
  const there = overlays.length === 0 ? '' : ` Overlays here: ${overlays.slice(0, 10).join(', ')}.`;
  const what = `is missing, and so is the folder ${folder}${guess}`;
  return invalid('manifests', what, `Give \`manifests\`, \`images\`, or that folder.${there}`);
}
