// The pages of docs/reference/, from the tables of the code.

import { deployNeeds } from '../src/commands/doctor/permissions.ts';
import { type Command, commandNames, commands } from '../src/core/commands.ts';
import type { RunContext } from '../src/core/context.ts';
import { asksForPeople, isUntrusted, knownEvents, mayRun } from '../src/core/guard.ts';
import { commandPages, exitCodes, terminalCommands } from '../src/entry/commands.ts';
import type { InputName } from '../src/inputs/contract.ts';
import { secretInputs } from '../src/inputs/mask.ts';
import { inputsOf } from '../src/inputs/read-by.ts';
import { annotationsOfRuns, annotationsOfUsers } from './annotations.ts';
import type { ActionFile, DeclaredInput } from './docs.ts';

const cell = (text: string) => text.replaceAll('\n', ' ').replaceAll('|', '\\|');
const code = (text: string) => `\`${text}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.join(' | ')} |`.replaceAll(/ {2,}\|/g, ' |');
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const page = (title: string, ...parts: readonly string[]) =>
  `# ${title}\n\n${parts.join('\n\n')}\n`;

/** Of `docs/reference/inputs.md`. */
export function renderInputs(inputs: readonly DeclaredInput[]): string {
  const secret: readonly string[] = secretInputs;
  const row = (input: DeclaredInput) => [
    code(input.name) + (secret.includes(input.name) ? ' 🔒' : ''),
    input.default ? code(input.default) : '',
    cell(input.description),
  ];
  const groups = [...Map.groupBy(inputs, ({ group }) => group)].flatMap(([group, own]) => [
    `## ${group}`,
    table(['input', 'default', 'meaning'], own.map(row)),
  ]);
  return page(
    'Inputs',
    'Of the action, and as flags (`--name`) of the terminal. 🔒 is a secret: on a terminal `@FILE` or `-`. Which\n' +
      'command reads which input: [commands](commands.md).',
    ...groups,
  );
}

/** Of `docs/reference/outputs.md`. */
export function renderOutputs(outputs: ActionFile['outputs']): string {
  const rows = outputs.map(({ name, description }) => [code(name), cell(description)]);
  return page(
    'Outputs',
    'Of the step, as `steps.<id>.outputs.<name>`. Every command sets all of them; what does not apply is empty.',
    table(['output', 'meaning'], rows),
  );
}

function flagsOf(name: string): string {
  const own = Object.values(terminalCommands[name]?.own ?? {}).map(({ form }) => code(form));
  const inputs: readonly InputName[] = terminalCommands[name]?.inputs ?? inputsOf(name as Command);
  return [...own, ...inputs.map((input) => code(`--${input}`))].join(' ');
}

const sentence = (text: string) => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}.`;

/** Of `docs/reference/commands.md`. */
export function renderCommands(): string {
  const ofAction = commandNames.map((name) => ({ name, about: commands[name].about, words: '' }));
  const ofTerminal = Object.entries(terminalCommands).map(([name, { about, words = '' }]) => ({
    name,
    about,
    words,
  }));
  const section = ({ name, about, words }: (typeof ofTerminal)[number]) => {
    const { page: guide, examples } = commandPages[name as keyof typeof commandPages];
    const link = guide === 'reference/commands' ? '' : ` [More](../${guide}.md).`;
    return [
      `## ${name}`,
      sentence(about + (words ? `: ${code(`${name} ${words}`)}` : '')) + link,
      `\`\`\`\n${examples.map((each) => `webgen-deploy ${each}`).join('\n')}\n\`\`\``,
      `Flags: ${flagsOf(name)}`,
    ].join('\n\n');
  };
  return page(
    'Commands',
    'The input `command` of the action, and the first word on a terminal. `init`, `doctor` and `diagnose` are of the\n' +
      'terminal alone. Every command takes `--output json`, and `--help`, which describes its flags; the flags are the\n' +
      '[inputs](inputs.md).',
    ...[...ofAction, ...ofTerminal].map(section),
  );
}

/** Of `docs/reference/annotations.md`. */
export function renderAnnotations(): string {
  return page(
    'Annotations',
    'On your objects, in `metadata.annotations`.',
    '## What you may write',
    table(
      ['annotation', 'meaning'],
      annotationsOfUsers.map(({ form, about }) => [code(form), about]),
    ),
    '## What a run writes',
    table(
      ['annotation', 'on', 'meaning'],
      annotationsOfRuns.map(({ form, on, about }) => [code(form), on, about]),
    ),
    'What the manifests say of the annotations that a run writes does not count, and they are no change that `diff`\n' +
      'shows. None of them but `webgen-deploy/config` is on a pod template, so no pod is rolled for them.',
  );
}

/** Of `docs/reference/exit-codes.md`. */
export function renderExitCodes(): string {
  return page(
    'Exit codes',
    'Of `webgen-deploy` on a terminal. The action fails its step where a terminal exits with anything but 0; its output\n' +
      '`status` says which end it was.',
    table(
      ['code', 'meaning'],
      Object.entries(exitCodes).map(([number, { about }]) => [code(number), about]),
    ),
  );
}

const variants: Readonly<Record<string, readonly (readonly [string, Partial<RunContext>])[]>> = {
  pull_request: [
    ['of the same repository', {}],
    ['of a fork', { fromFork: true }],
    ['closed by its merge, of a fork too', { merged: true, fromFork: true }],
  ],
  workflow_run: [
    ['after a run on `push` and the like, or on `pull_request` of the same repository', {}],
    ['after a run of a fork', { fromFork: true }],
    ['after a run on any other event', { startedBy: 'issues' }],
  ],
};

function eventRow(event: string, words: string, more: Partial<RunContext>): readonly string[] {
  const context = { on: 'github', event, ...more } as RunContext;
  const writes = mayRun(context, true).length === 0;
  const compares = mayRun(context, false).length === 0;
  const may = asksForPeople(context)
    ? 'write, once GitHub has confirmed that its author, and who edited it, has write access'
    : writes
      ? 'write'
      : compares
        ? 'compare'
        : 'nothing';
  const [why] = mayRun(context, true);
  return [
    (event === '' ? 'every other' : code(event)) + (words ? `, ${words}` : ''),
    may,
    compares || writes ? (isUntrusted(context) ? 'foreign' : 'own') : '',
    event === '' ? '' : cell(why?.what ?? ''),
  ];
}

/** Of `docs/reference/events.md`. */
export function renderEvents(): string {
  const rows = [...knownEvents, ''].flatMap((event) =>
    (variants[event] ?? [['', {}] as const]).map(([words, more]) => eventRow(event, words, more)),
  );
  return page(
    'Events',
    'What a run may do, by the event of GitHub that started it. *Write* means `deploy`, `rollback` and `build`, and\n' +
      '`scan` where it builds. *Compare* means `diff`, `status`, `history`, `setup` and `scan` of what is built.',
    table(['event', 'may', 'files', 'why'], rows),
    'Files are *foreign* where nobody has reviewed them: then a kustomization has no remote base, a kubeconfig or\n' +
      'bake file of the repository reaches nothing outside of it, images go to a path of their own (`pull-requests/`),\n' +
      'and what scanners may ignore is read from the base branch. GitHub gives no secrets to a pull request of a fork.',
    'A called workflow (`workflow_call`) has the event of its caller. A comment says nothing about the commit that is\n' +
      'checked out: name it in the comment, or who wrote the pull request may change it meanwhile.',
    'A push to `main` or a tag means the environment `production`, to `develop` `staging`; other events and branches\n' +
      'must say it. `diff` on a pull request takes the base branch.',
  );
}

/** A Role with exactly what `doctor` asks for. */
function role(): string {
  const key = ({ group, verbs }: (typeof deployNeeds)[number]) => JSON.stringify([group, verbs]);
  const rules = [...Map.groupBy(deployNeeds, key).values()].map((needs) => {
    const [{ group, verbs } = { group: '', verbs: [] }] = needs;
    return [
      `  - apiGroups: ['${group}']`,
      `    resources: [${needs.map(({ resource }) => resource).join(', ')}]`,
      `    verbs: [${verbs.join(', ')}]`,
    ].join('\n');
  });
  return [
    '```yaml',
    'apiVersion: rbac.authorization.k8s.io/v1',
    'kind: Role',
    'metadata:',
    '  name: webgen-deployer',
    '  namespace: shop',
    'rules:',
    ...rules,
    '```',
  ].join('\n');
}

const ofToken = [
  [
    '`contents: read`',
    'checking out; whether a newer commit is live already',
    'the deploy goes on',
  ],
  ['`pull-requests: write`', "the preview's comment", 'the preview is in the job summary'],
  ['`deployments: write`', 'the deployment and its statuses', 'none'],
  ['`actions: read`', 'a lock whose run has ended is taken over at once', 'after 180 s'],
  ['`security-events: write`', 'alerts in code scanning', 'SARIF files alone'],
  ['`id-token: write`', 'the cloud without a key (`yc-sa-id`)', 'a key is needed'],
] as const;

const inCluster = [
  ['the kinds of your manifests', '`get`, `list`, `create`, `patch`', 'compare, dry run, apply'],
  [
    'of these, what is recreated, undone or pruned',
    '`delete`',
    'Jobs with a new template, `webgen-deploy/recreate`; what a failed run had made; `prune` and `rollback`',
  ],
  [
    '`secrets`',
    '`get`, `list`, `create`, `patch`, `delete`',
    'releases; without it a deploy is `forbidden`, before its first write',
  ],
  ['`pods`', '`delete`', "after a failure: a StatefulSet's stuck pod"],
  [
    '`pods`, `events`, `replicasets`, `controllerrevisions`, `nodes`, and the kinds that are awaited',
    '`list`, `watch`',
    'verdicts; without `watch` they are asked for every 2 s',
  ],
  ['`pods/log`', '`get`', 'last log lines of a failed container'],
  ['`horizontalpodautoscalers`', '`list`', 'replicas that one of them owns are left alone'],
  [
    '`leases` (`coordination.k8s.io`)',
    '`get`, `list`, `watch`, `create`, `update`',
    'the lock; not with `lock: false`',
  ],
  ['`namespaces`', '`get`, `create`, `patch`', 'only with `create-namespace`'],
] as const;

/** Of `docs/reference/permissions.md`. */
export function renderPermissions(): string {
  return page(
    'Permissions',
    'What each is for. `webgen-deploy doctor` says which are missing, and prints the commands that grant them.',
    "## Of GitHub's token",
    'In the job, as `permissions`.',
    table(['permission', 'what for', 'without it'], ofToken),
    '## In the cloud',
    'The deploying account needs `k8s.viewer` and `k8s.cluster-api.editor` on the cluster, and\n' +
      '`cloud-registry.artifacts.pusher` on the registry. With a Role of its own in one namespace, as below, `k8s.viewer`\n' +
      'is enough on the cluster. An account for previews needs `k8s.viewer` and `k8s.cluster-api.viewer`.',
    '## In the cluster',
    table(['resource', 'verbs', 'what for'], inCluster),
    'In one namespace the built-in ClusterRole `edit` has all of it but the objects of RBAC, quotas and custom kinds;\n' +
      'on Yandex Cloud `k8s.cluster-api.editor` is that role for every namespace. For previews `view` is enough, and\n' +
      '`get` and `list` of Secrets where these are to be compared. As a Role, which is what `doctor` asks for:',
    role(),
    'Add the custom kinds of your manifests. [The stack](../../manifests/bootstrap/base/deployer.yaml) has one with its binding.',
  );
}

/** Every page by its name below docs/reference/. */
export const reference = ({ inputs, outputs }: ActionFile): Readonly<Record<string, string>> => ({
  inputs: renderInputs(inputs),
  outputs: renderOutputs(outputs),
  commands: renderCommands(),
  annotations: renderAnnotations(),
  permissions: renderPermissions(),
  'exit-codes': renderExitCodes(),
  events: renderEvents(),
});
