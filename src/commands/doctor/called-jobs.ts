// Jobs that call our reusable workflows: what they grant, what they pass on, and to whose workflow.
import { didYouMean } from '../../core/readers.ts';
import { type Check, failed, note } from './check.ts';
import { applicationSecrets, cluster, key, registry } from './secret-names.ts';
import { type CalledJob, fieldsOf, grants, isGiven, type Role } from './workflow-jobs.ts';

/** Permissions that a called workflow needs: GitHub does not start a run whose caller grants less. */
const asked: Readonly<Record<Role, Readonly<Record<string, string>>>> = {
  deploy: { contents: 'read', actions: 'read' },
  'pr-check': { contents: 'read', 'pull-requests': 'write' },
  rollback: { actions: 'read' },
};

/** A name that the workflow does not declare stops the run before it starts. */
const declared: Readonly<Record<Role, readonly string[]>> = {
  deploy: [key, registry, cluster, applicationSecrets],
  'pr-check': [key, registry, cluster],
  rollback: [key, cluster],
};

/** Problems of one call, whoever owns the workflow. */
export function wrongCall(call: CalledJob): readonly Check[] {
  const { role, path, fields } = call;
  const inputs = fieldsOf(fields['with']);
  const isKeyless = isGiven(inputs, 'yc-sa-id');
  const problems = lackingRights(call, isKeyless);
  if (fields['secrets'] === 'inherit') return problems;
  const passed = Object.keys(fieldsOf(fields['secrets']));
  const known = declared[role];
  for (const secret of passed.filter((each) => !known.includes(each))) {
    const names = known.map((each) => each.toLowerCase());
    const guess = didYouMean(secret, names).replace(/`.+`/, (name) => name.toUpperCase()) || '.';
    const what = `${path}: the secret ${secret} is none of ${role}.yml${guess}`;
    problems.push(failed('workflows', what, [`Use ${known.join(', ')}.`]));
  }
  if (!passed.includes(key) && !isKeyless) {
    const fix = [
      handOn(key),
      '# or keyless: with: {yc-sa-id: …}, and permissions: {id-token: write}',
    ];
    problems.push(failed('workflows', `${path}: ${key} is not passed on.`, fix));
  }
  const isNamed = (secret: string, input: string) =>
    passed.includes(secret) || isGiven(inputs, input);
  const builds = role === 'deploy' && isGiven(inputs, 'build') && !isGiven(inputs, 'registry');
  const needed = [
    ...(isNamed(cluster, 'yc-k8s-cluster-id') ? [] : [cluster]),
    ...(!builds || isNamed(registry, 'yc-registry-id') ? [] : [registry]),
  ];
  return [...problems, ...needed.map((name) => notPassed(name, path))];
}

const handOn = (secret: string) => `secrets: {${secret}: \${{ secrets.${secret} }}}`;

/** The called workflow reads the variable itself, and its value is not visible from here. */
function notPassed(name: string, path: string): Check {
  const what = `${path}: ${name} is not passed on, so it has to be a variable of the repository or the environment.`;
  const input = name.toLowerCase().replaceAll('_', '-');
  return note('workflows', what, [
    `gh variable set ${name} --env production --body <id>`,
    `# or in the workflow: with: {${input}: \${{ vars.${name} }}}`,
  ]);
}

function lackingRights({ role, path, permissions }: CalledJob, isKeyless: boolean): Check[] {
  // Without `permissions` the repository's default applies, which is not visible from here; it never
  // includes id-token.
  const wanted = { ...(permissions === undefined ? {} : asked[role]) };
  const rights = Object.entries({ ...wanted, ...(isKeyless ? { 'id-token': 'write' } : {}) });
  const lacking = rights.filter(([right, level]) => !grants(permissions, right, level));
  if (lacking.length === 0) return [];
  const lines = lacking.map(([right, level]) => `${right}: ${level}`).join(', ');
  const what = `${path}: the job that calls ${role}.yml does not grant ${lines}.`;
  return [failed('workflows', what, [`permissions: {${lines}}`])];
}

/**
 * GitHub passes secrets of an environment only to a called workflow of the same owner, and `inherit`
 * passes nothing to another one (https://docs.github.com/actions/how-tos/reuse-automations/reuse-workflows,
 * actions/runner#4453). Secrets of the repository or the organisation arrive by name. `origin` is the
 * owner of this repository, where it is known.
 */
export function betweenOwners(
  calls: readonly CalledJob[],
  origin: string | undefined,
): readonly Check[] {
  if (origin === undefined) return [];
  const others = calls.filter(
    ({ owner, fields }) =>
      owner.toLowerCase() !== origin.toLowerCase() && fields['secrets'] !== undefined,
  );
  return [...Map.groupBy(others, ({ owner }) => owner)].flatMap(([owner, own]) => {
    const [inherit, named] = [true, false].map((wanted) =>
      own
        .filter(({ fields }) => (fields['secrets'] === 'inherit') === wanted)
        .map(({ path }) => path.replace('.github/workflows/', ''))
        .join(', '),
    );
    const nothing = `${inherit}: secrets: inherit hands nothing on from ${origin} to a workflow of ${owner}, another owner.`;
    const empty = `${named}: secrets of an environment of ${origin} arrive empty in a workflow of ${owner}, another owner.`;
    return [
      ...(inherit ? [failed('workflows', nothing, [ordinary])] : []),
      ...(named
        ? [note('workflows', empty, [ordinary, '# or set them without --env'], arrive)]
        : []),
    ];
  });
}

const ordinary =
  'webgen-deploy init --force   # ordinary jobs, which get the secrets of their environment';
const arrive = ['secrets of the repository or the organisation arrive, and so do variables'];
