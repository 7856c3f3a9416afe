// Ordinary jobs with steps of the action: their inputs, permissions, environment, and the secrets they name.

import { didYouMean } from '../../core/readers.ts';
import { undeclared } from '../../inputs/raw.ts';
import { type Check, failed, note } from './check.ts';
import { secretNames } from './secret-names.ts';
import { type ActionStep, grants, isGiven } from './workflow-jobs.ts';

/** Without the first group the step fails, without the second it does less. */
const rights: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
  deploy: [
    ['contents', 'read', ''],
    ['actions', 'read', 'it cannot see whether the run that holds the lock has ended'],
  ],
  diff: [
    ['contents', 'read', ''],
    ['pull-requests', 'write', 'the preview is in the job summary alone'],
  ],
  rollback: [['actions', 'read', 'it cannot see whether the run that holds the lock has ended']],
  build: [['contents', 'read', '']],
};

const withoutCluster = ['setup', 'build', 'scan'];
const clusters = ['yc-k8s-cluster-id', 'yc-k8s-cluster-name', 'kubeconfig'];
const credentials = ['yc-sa-json-credentials', 'yc-sa-id', 'yc-iam-token'];

/** All problems of one step and its job. */
export function wrongStep(step: ActionStep): readonly Check[] {
  return [...wrongInputs(step), ...lackingRights(step), ...wrongSecrets(step)];
}

const placeOf = ({ path, job }: ActionStep): string => `${path}, job ${job}:`;

function wrongInputs(step: ActionStep): readonly Check[] {
  const { inputs, command } = step;
  const place = placeOf(step);
  const raw = Object.fromEntries(Object.keys(inputs).map((name) => [name.toLowerCase(), '']));
  const unknown = undeclared(raw).map(({ what, hint }) =>
    failed('workflows', `${place} ${what}`, [hint]),
  );
  if (command === undefined) return unknown;
  const named = clusters.filter((name) => isGiven(inputs, name));
  const problems = [...unknown];
  if (named.length === 0 && !withoutCluster.includes(command)) {
    const fix = ['yc-k8s-cluster-id: ${{ vars.YC_K8S_CLUSTER_ID }}'];
    problems.push(failed('workflows', `${place} ${command} has no cluster.`, fix));
  }
  const isYandex = named.some((name) => name !== 'kubeconfig') || isGiven(inputs, 'yc-registry-id');
  const ownLogin = isGiven(inputs, 'registry-username');
  if (isYandex && !ownLogin && !credentials.some((name) => isGiven(inputs, name))) {
    const fix = ['yc-sa-json-credentials: ${{ secrets.YC_SA_JSON_CREDENTIALS }}   # or yc-sa-id'];
    problems.push(failed('workflows', `${place} ${command} has no credentials.`, fix));
  }
  return problems;
}

function lackingRights(step: ActionStep): readonly Check[] {
  const { command = '', inputs, permissions } = step;
  const place = placeOf(step);
  const lacks = (right: string, level: string) => !grants(permissions, right, level);
  const problems: Check[] = [];
  if (isGiven(inputs, 'yc-sa-id') && lacks('id-token', 'write')) {
    const what = `${place} ${command} is keyless, and the job does not grant id-token: write.`;
    problems.push(failed('workflows', what, ['permissions: {id-token: write}']));
  }
  // Without `permissions` the repository's default applies, which is not visible from here.
  if (permissions === undefined || !Object.hasOwn(rights, command)) return problems;
  for (const [right, level, less] of rights[command] ?? []) {
    if (!lacks(right, level) || (right === 'pull-requests' && `${inputs['comment']}` === 'false')) {
      continue;
    }
    const what = `${place} the job does not grant ${right}: ${level}${less && `, so ${less}`}.`;
    const fix = [`permissions: {${right}: ${level}}`];
    problems.push(less ? note('workflows', what, fix) : failed('workflows', what, fix));
  }
  return problems;
}

const known = secretNames.map((name) => name.toLowerCase());

function wrongSecrets(step: ActionStep): readonly Check[] {
  const place = placeOf(step);
  const used = [...secretsIn(step.inputs), ...secretsIn(step.step['env'])];
  const misspelt = used.flatMap((name) => {
    if (known.includes(name.toLowerCase())) return [];
    const guess = didYouMean(name, known).replace(/`.+`/, (text) => text.toUpperCase());
    return guess ? [note('workflows', `${place} it names the secret ${name}${guess}`, [])] : [];
  });
  if (used.length === 0 || isGiven(step.fields, 'environment')) return misspelt;
  const what = `${place} it names no environment, so it only gets the secrets of the repository.`;
  return [...misspelt, note('workflows', what, ['environment: production'])];
}

/** Names in expressions such as `secrets.NAME`; GitHub's own token is not one that a user sets. */
function secretsIn(value: unknown): readonly string[] {
  const texts = typeof value === 'object' && value !== null ? Object.values(value) : [];
  const names = texts.flatMap((text) =>
    typeof text === 'string'
      ? [...text.matchAll(/\bsecrets\.([A-Za-z_]\w{0,200})/g)].map(([, name = '']) => name)
      : [],
  );
  return [...new Set(names)].filter((name) => name.toUpperCase() !== 'GITHUB_TOKEN');
}
