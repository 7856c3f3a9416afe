// Are the workflows there, do they name the secrets right, and does every environment have its overlay?
import { applicationSecrets, secretNames } from '../init/callers.ts';
import { readYaml } from '../manifests/small-yaml.ts';
import { didYouMean } from '../readers.ts';
import { project } from '../version.ts';
import { type Check, failed, ok } from './check.ts';

export interface WorkflowFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

export interface Repository {
  readonly workflows: readonly WorkflowFile[];
  /** Names of the folders in `manifests/overlays`. */
  readonly overlays: readonly string[];
}

/** Rights that a called workflow asks for: GitHub refuses to start a run whose caller grants less. */
const asked: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  deploy: { contents: 'read', actions: 'read' },
  'pr-check': { contents: 'read', 'pull-requests': 'write' },
  rollback: { actions: 'read' },
};
const repository = project.slice(project.indexOf('/') + 1).replaceAll('.', '\\.');
/** Of any owner: a fork's callers are good, too. */
const called = new RegExp(
  `^[\\w.-]+/${repository}/\\.github/workflows/(deploy|pr-check|rollback)\\.ya?ml@`,
);
const write = 'webgen-deploy init';

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};

interface Call {
  readonly name: string;
  readonly path: string;
  readonly job: Fields;
  /** Of the whole workflow. */
  readonly permissions: unknown;
}

/** Every problem is a check of its own; one that is good where there is none. */
export function checkRepository({ workflows, overlays }: Repository): readonly Check[] {
  const calls: Call[] = [];
  const problems: Check[] = [];
  for (const file of workflows) {
    const read = readCalls(file);
    if (read) calls.push(...read);
    else
      problems.push(failed('workflows', `${file.path} is no YAML.`, ['Correct it: actionlint.']));
  }
  problems.push(...missing(calls), ...calls.flatMap(wrongCall));
  if (calls.some(({ name }) => name === 'deploy') && overlays.length === 0) {
    const what = 'There is no overlay in manifests/overlays.';
    problems.push(failed('workflows', what, [`${write}   # or name yours by the input manifests`]));
  }
  if (problems.length > 0) return problems;
  const found = calls.map(({ path }) => path.replace('.github/workflows/', ''));
  return [
    ok('workflows', `${found.join(', ')} call what they should; overlays: ${overlays.join(', ')}.`),
  ];
}

function readCalls({ path, text }: WorkflowFile): readonly Call[] | undefined {
  const read = readYaml(text);
  if ('problem' in read) return undefined;
  const workflow = fieldsOf(read.yaml.value);
  return Object.values(fieldsOf(workflow['jobs'])).flatMap((value) => {
    const job = fieldsOf(value);
    const uses = job['uses'];
    const name = typeof uses === 'string' ? called.exec(uses)?.[1] : undefined;
    return name === undefined ? [] : [{ name, path, job, permissions: workflow['permissions'] }];
  });
}

function missing(calls: readonly Call[]): readonly Check[] {
  return Object.keys(asked)
    .filter((name) => !calls.some((call) => call.name === name))
    .map((name) => failed('workflows', `No workflow calls ${name}.yml of webgen-deploy.`, [write]));
}

function wrongCall({ name, path, job, permissions }: Call): readonly Check[] {
  const problems: Check[] = [];
  const wrong = (what: string, ...fix: readonly string[]) =>
    problems.push(failed('workflows', `${path}: ${what}`, fix));
  const granted = job['permissions'] ?? permissions;
  const lacking = Object.entries(asked[name] ?? {}).filter(([right, level]) => {
    // Without any word about it the repository's default counts, which nobody sees from here.
    return granted !== undefined && !grants(granted, right, level);
  });
  if (lacking.length > 0) {
    const lines = lacking.map(([right, level]) => `${right}: ${level}`).join(', ');
    wrong(`the job that calls ${name}.yml does not grant ${lines}.`, `permissions: {${lines}}`);
  }
  if (job['secrets'] === 'inherit') return problems;
  const passed = Object.keys(fieldsOf(job['secrets']));
  const optional = name === 'deploy' ? [applicationSecrets] : [];
  const known: readonly string[] = [...secretNames, ...optional];
  for (const secret of passed.filter((each) => !known.includes(each))) {
    const names = known.map((each) => each.toLowerCase());
    const guess = didYouMean(secret, names).replace(/`.+`/, (name) => name.toUpperCase()) || '.';
    wrong(`the secret ${secret} is none of ${name}.yml${guess}`, `Use ${known.join(', ')}.`);
  }
  const needed = secretNames.filter((each) => each !== 'YC_REGISTRY_ID' && !passed.includes(each));
  for (const secret of needed) {
    wrong(`${secret} is not passed on.`, `secrets: {${secret}: \${{ secrets.${secret} }}}`);
  }
  return problems;
}

function grants(granted: unknown, right: string, level: string): boolean {
  if (granted === 'write-all') return true;
  if (granted === 'read-all') return level === 'read';
  const has = fieldsOf(granted)[right];
  return has === level || has === 'write';
}
