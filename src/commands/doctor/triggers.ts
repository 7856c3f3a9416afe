// When an application's workflows start: branches that nobody pushes to, merge queues that never finish.
import { type Check, failed, note } from './check.ts';
import { fieldsOf } from './workflow-jobs.ts';

/** A workflow with a job of ours. */
export interface Started {
  readonly path: string;
  readonly on: unknown;
  readonly deploys: boolean;
  readonly previews: boolean;
}

/** `defaultBranch` is undefined where it is not known. */
export function checkTriggers(
  workflows: readonly Started[],
  defaultBranch: string | undefined,
): readonly Check[] {
  return [
    ...silentBranch(
      workflows.filter(({ deploys }) => deploys),
      defaultBranch,
    ),
    ...workflows.filter(({ previews }) => previews).flatMap(waitingQueue),
    ...workflows.flatMap(everyEnvironment),
  ];
}

/** The triggers by event: `on:` is a name, a list of names or a map. */
function eventsOf(on: unknown): ReadonlyMap<string, unknown> {
  if (typeof on === 'string') return new Map([[on, undefined]]);
  if (Array.isArray(on)) return new Map(on.map((name) => [String(name), undefined]));
  return new Map(Object.entries(fieldsOf(on)));
}

/** A workflow that only names other branches never runs for it, and nothing reports that. */
function silentBranch(deploys: readonly Started[], branch: string | undefined): readonly Check[] {
  const pushed = deploys.flatMap(({ path, on }) => {
    const events = eventsOf(on);
    return events.has('push') ? [{ path, push: fieldsOf(events.get('push')) }] : [];
  });
  if (branch === undefined || pushed.length === 0) return [];
  if (pushed.some(({ push }) => listens(push, branch))) return [];
  const paths = pushed.map(({ path }) => path).join(', ');
  const what = `${paths}: a push to ${branch}, the default branch, deploys nothing.`;
  const evidence = pushed.map(({ push }) => `on.push: ${JSON.stringify(push).slice(0, 300)}`);
  const own = pushed
    .flatMap(({ push }) => textsOf(push['branches']))
    .filter((each) => each !== branch);
  const quoted = /^[A-Za-z][\w./-]*$/.test(branch) ? branch : JSON.stringify(branch);
  const list = [quoted, ...own.filter((each) => each === 'develop')].join(', ');
  return [failed('workflows', what, [`branches: [${list}]`], evidence)];
}

/** `branches`, else `branches-ignore`; with only tags no branch starts it. */
function listens(push: Readonly<Record<string, unknown>>, branch: string): boolean {
  const [only, ignored] = [push['branches'], push['branches-ignore']];
  if (only !== undefined) return matches(textsOf(only), branch);
  if (ignored !== undefined) return !matches(textsOf(ignored), branch);
  return push['tags'] === undefined && push['tags-ignore'] === undefined;
}

const textsOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string');

/**
 * GitHub's filter patterns: the last match counts, `!` excludes. Of the special characters `*` and `**`
 * are supported; a pattern with any other counts as a match, since a false alarm helps nobody.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
 */
function matches(patterns: readonly string[], branch: string): boolean {
  return patterns.reduce((found, pattern) => {
    const isNot = pattern.startsWith('!');
    return fits(isNot ? pattern.slice(1) : pattern, branch) ? !isNot : found;
  }, false);
}

function fits(pattern: string, branch: string): boolean {
  if (/[?+[\]\\]/.test(pattern)) return true;
  // From left to right, each part between stars at its first match: every pattern takes linear time.
  const parts = pattern.split(/(\*+)/);
  const [head = ''] = parts;
  if (!branch.startsWith(head)) return false;
  let at = head.length;
  for (let index = 1; index < parts.length; index += 2) {
    const part = parts[index + 1] ?? '';
    const isLast = index + 2 >= parts.length;
    const next = isLast ? branch.length - part.length : branch.indexOf(part, at);
    if (next < at || !branch.startsWith(part, next)) return false;
    if (parts[index] === '*' && branch.slice(at, next).includes('/')) return false;
    at = next + part.length;
  }
  return at === branch.length;
}

/** A required check that never starts for a merge group blocks the queue for ever. */
function waitingQueue({ path, on }: Started): readonly Check[] {
  const events = eventsOf(on);
  if (!events.has('pull_request') || events.has('merge_group')) return [];
  const what = `${path}: as a required check it would keep a merge queue waiting, since it does not start for one.`;
  return [
    note('workflows', what, ['on: {merge_group: {}}   # where the branch has a merge queue']),
  ];
}

/** `type: environment` offers every environment, including those of previews. */
function everyEnvironment({ path, on }: Started): readonly Check[] {
  const dispatch = fieldsOf(eventsOf(on).get('workflow_dispatch'));
  const inputs = Object.entries(fieldsOf(dispatch['inputs']));
  const offering = inputs.filter(([, input]) => fieldsOf(input)['type'] === 'environment');
  return offering.map(([name]) =>
    note(
      'workflows',
      `${path}: its input ${name} offers every environment, that of previews too.`,
      [`${name}: {type: choice, options: [production, staging], required: true}`],
    ),
  );
}
