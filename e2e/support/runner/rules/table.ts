// GitHub's own rules that act does not know, each with its source. A test can leave one out, to see
// that something depends on it.

export interface Rule {
  readonly says: string;
  /** Where it is written down: actions/runner at v2.336, GitHub's documentation, or a thread. */
  readonly source: string;
}

const environments =
  'docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments';
const reuse = 'docs.github.com/actions/how-tos/reuse-automations/reuse-workflows';
const reuseTable =
  'docs.github.com/actions/reference/workflows-and-actions/reusing-workflow-configurations';
const syntax = 'docs.github.com/actions/reference/workflows-and-actions/workflow-syntax';
const concurrency =
  'docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency';

export const ruleTable = {
  'mask-whole': {
    says: 'A secret, without the spaces around it, is a mask.',
    source: 'actions/runner src/Runner.Worker/Worker.cs, InitializeSecretMasker',
  },
  'mask-lines': {
    says: 'Every line of a secret is a mask, however short, without the spaces around it.',
    source:
      'actions/runner src/Runner.Worker/Worker.cs, InitializeSecretMasker; actions/runner#1488',
  },
  'mask-added': {
    says: 'What a step asks to be masked is masked from then on, and so is each of its lines.',
    source: 'actions/runner src/Runner.Worker/ActionCommandManager.cs, AddMaskCommandExtension',
  },
  'mask-encoded': {
    says: 'What base64, JSON, a URL, XML or a shell makes of a mask is a mask.',
    source:
      'actions/runner src/Runner.Common/HostContext.cs, src/Sdk/DTLogging/Logging/ValueEncoders.cs',
  },
  'output-dropped': {
    says: 'An output of a job that a mask would change does not leave the job.',
    source: 'actions/runner src/Runner.Worker/JobExtension.cs, FinalizeJob; actions/runner#2232',
  },
  'secret-environment': {
    says: 'A job that names an environment gets its secrets, before the repository’s.',
    source: environments,
  },
  'secret-called': {
    says: 'So does a called job, of the names that the caller passes, where both have the same owner.',
    source: `${reuse}; actions/runner#1490`,
  },
  'secret-owner': {
    says: 'Where caller and called have different owners, no secret of an environment arrives.',
    source: 'actions/runner#4453; rios0rios0/pipelines#579',
  },
  'secret-named': {
    says: 'A called workflow gets those secrets alone that the caller passes by name, or by `inherit`.',
    source: reuse,
  },
  'inherit-owner': {
    says: '`secrets: inherit` passes nothing to the workflow of another owner.',
    source: reuse,
  },
  'variable-environment': {
    says: 'A job that names an environment gets its variables, in the workflow of another owner too.',
    source: `${reuseTable}; rios0rios0/pipelines#579`,
  },
  'caller-environment': {
    says: 'A job that calls a workflow has no environment: in its `with:` only the repository’s variables are seen.',
    source: `${reuseTable}, keywords of a job that calls a reusable workflow`,
  },
  'secret-strangers': {
    says: 'A run of a fork’s pull request, or of Dependabot, gets no secret.',
    source:
      'docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/use-secrets; docs.github.com/code-security/dependabot/troubleshooting-dependabot/troubleshooting-dependabot-on-github-actions',
  },
  'group-first': {
    says: 'A job takes its concurrency group before it asks for approval, and holds it while it waits.',
    source: 'vstorm-co/agenticos#1832; elizaOS/eliza#18092; hypothesis/lms#4533',
  },
  'group-pending': {
    says: 'One waits in a group: who comes next cancels who waits.',
    source: concurrency,
  },
  'group-queue': {
    says: 'With `queue: max` all wait, in their order.',
    source:
      'github.blog/changelog/2026-05-07-github-actions-concurrency-groups-now-allow-larger-queues',
  },
  'group-cancel': {
    says: '`cancel-in-progress: true` cancels who holds the group.',
    source: concurrency,
  },
  'group-called': {
    says: 'The group at the top of a called workflow is held from its first job to its last.',
    source: `${syntax}, concurrency; actions/runner#1532`,
  },
  'group-case': {
    says: 'Names of groups are the same whatever their case.',
    source: concurrency,
  },
  approval: {
    says: 'A job whose environment has reviewers waits for one of them, in a called workflow too.',
    source: environments,
  },
  'deployment-custom': {
    says: '`deployment: false` cannot be used where an environment has custom protection rules.',
    source: `${syntax}, jobs.<job_id>.environment; github/docs#60278`,
  },
  'permission-start': {
    says: 'A called job that asks for more than the caller grants fails the run at its start, `if:` or not.',
    source: `actions/runner#4151; ${reuseTable}, access and permissions`,
  },
  'timeout-cancelled': {
    says: 'A job that ran into `timeout-minutes` ends as cancelled, not as failed.',
    source: 'solvcon/solvcon#780; ai-dynamo/dynamo#12739',
  },
  trigger: {
    says: 'A workflow runs on events that it names, and on their branches alone; nothing is said else.',
    source: `${syntax}, on.push.branches, on.pull_request.branches`,
  },
  'needs-success': {
    says: 'A condition without a status function holds only after success of every job before it.',
    source: `${syntax}, jobs.<job_id>.needs; actions/runner#491`,
  },
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof ruleTable;
export type Rules = ReadonlySet<RuleName>;

export const ruleNames = Object.keys(ruleTable) as readonly RuleName[];
export const allRules: Rules = new Set(ruleNames);

export function without(...names: readonly RuleName[]): Rules {
  return new Set(ruleNames.filter((name) => !names.includes(name)));
}
