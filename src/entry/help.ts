// The text of `webgen-deploy --help`, generated from the contract.
import { commandNames, commands } from '../core/commands.ts';
import { type InputName, inputTable } from '../inputs/contract.ts';
import { inputAbout, inputGroups } from '../inputs/contract-help.ts';
import { lists, switches } from './flags.ts';

const usage = `Usage: webgen-deploy [command] [flags]

Deploys to Kubernetes, waits until everything runs, and says why when it does not.

Commands:
${commandNames.map((name) => `  ${name.padEnd(8)} ${commands[name].about}`).join('\n')}
  diagnose FILE…
           judge saved objects, without a cluster; - is standard input
  init     write workflows and manifests into an application's repository
  doctor   check workflows, key, roles, cluster and rights, and say what repairs them

Examples:
  webgen-deploy diff --environment staging --namespace web --manifests manifests/overlays/staging
  kubectl get all,events,pvc -o yaml | webgen-deploy diagnose -
  webgen-deploy doctor --namespace shop --yc-k8s-cluster-id catabc --yc-sa-json-credentials @key.json
  webgen-deploy init --app shop --services backend:8000/health --services frontend:3000 --yes`;

const close = `The terminal's own
  --output text|json              Text for people, or JSON. (default: text)
  --now TIME                      Of diagnose: when the files were saved, RFC 3339. (default: the
                                  latest time in them)
  --services NAME:PORT[/PATH] …   Of init: what the application consists of.
  --yes                           Of init: take what is proposed, ask nothing.
  --dry-run                       Of init: say what would be written.
  --force                         Of init: overwrite files that are there.
  --reusable                      Of init: call the reusable workflows instead of writing out jobs.
  --build-environment NAME        Of init: the build's own GitHub environment, where production has
                                  reviewers: they are asked for the deploy alone.
  --pin[=COMMIT]                  Of init: name webgen-deploy by its commit instead of by v1.
  -h, --help
  --version

A switch is --wait, --no-wait or --wait=false. A list repeats its flag. Without a cluster flag:
KUBECONFIG, then ~/.kube/config.

A secret is @FILE, or - for standard input; where no flag gives it, YC_SA_JSON_CREDENTIALS, YC_IAM_TOKEN,
REGISTRY_PASSWORD, GITHUB_TOKEN and APPLICATION_SECRETS (secrets) do. Everybody on the machine can
read what stands on a command line itself.

Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted, 137 hung.
`;

function flag(name: InputName): string {
  if (switches.includes(name)) return `--[no-]${name}`;
  return `--${name} ${lists.includes(name) ? 'LINE …' : 'VALUE'}`;
}

const longest = 85;

function row(name: InputName): string {
  const about = inputAbout[name];
  const { default: standard } = inputTable[name];
  // A text too long for one terminal line loses the part after its colon.
  const short = about.length > longest ? (about.split(': ')[0] ?? about) : about;
  const text = standard ? `${short} (default: ${standard})` : short;
  return `  ${flag(name).padEnd(31)} ${text.replaceAll('`', '')}`;
}

/** Grouped as in action.yml, with defaults and an example. */
export function helpText(): string {
  const sections = Object.entries(inputGroups).map(([group, names]) => {
    const flags = names.filter((name) => name !== 'command');
    return `${group}\n${flags.map(row).join('\n')}`;
  });
  return [usage, ...sections, close].join('\n\n');
}
