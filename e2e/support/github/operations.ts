// What the emulated repository holds, and what each of GitHub's operations does with it.
import type { Reply } from '../yandex/server.ts';
import { sample } from './contract.ts';

export interface Comment {
  readonly id: number;
  readonly issue: number;
  body: string;
  readonly user: { readonly login: string; readonly type: 'Bot' | 'User' };
  readonly author_association: string;
}

export interface Deployment {
  readonly id: number;
  readonly sha: string;
  readonly environment: string;
  readonly payload: unknown;
  readonly creator: string;
}

export interface Status {
  readonly deployment: number;
  readonly state: string;
  readonly description: string;
  readonly log_url: string;
  readonly environment_url: string;
}

/** What GitHub calls the role of somebody in the repository. */
export type Role = 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none';

export interface Held {
  readonly comments: Comment[];
  readonly deployments: Deployment[];
  readonly statuses: Status[];
  readonly runs: { readonly id: number; readonly attempt: number; status: string }[];
  /** Every commit that the repository knows, and its parents. */
  readonly commits: Map<string, readonly string[]>;
  /** Branches and tags, by name. */
  readonly refs: Map<string, string>;
  /** Every user of this GitHub, by name. */
  readonly people: Readonly<Record<string, Role>>;
  nextId: number;
}

export interface Asked {
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Operation {
  readonly permission: Permission;
  answer(asked: Asked, held: Held): Reply;
}

const notFound: Reply = { status: 404, body: { message: 'Not Found', status: '404' } };
/** The only pull request. */
export const pullRequest = 12;
/** https://docs.github.com: "body is too long (maximum is 65536 characters)". */
const longest = 65_536;

const shown = {
  comment: (comment: Comment) => {
    const user = { ...sample('simple-user'), ...comment.user };
    const { issue: _, ...rest } = comment;
    return { ...sample('issue-comment'), ...rest, user };
  },
  deployment: ({ creator, ...rest }: Deployment) => {
    const user = { ...sample('simple-user'), login: creator };
    return { ...sample('deployment'), ...rest, ref: rest.sha, creator: user };
  },
  status: ({ deployment: _, ...rest }: Status) => ({ ...sample('deployment-status'), ...rest }),
};

/** The commit and all that it comes from. */
function history(commits: Held['commits'], from: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const todo = [from];
  for (let sha = todo.pop(); sha !== undefined; sha = todo.pop()) {
    if (seen.has(sha)) continue;
    seen.add(sha);
    todo.push(...(commits.get(sha) ?? []));
  }
  return seen;
}

/** `BASE...HEAD` by commits: `ahead` where the head has what the base has not, as `git log` counts. */
function comparison(basehead: string, { commits, refs }: Held): Reply {
  const [base = '', head = ''] = basehead.split('...').map((each) => refs.get(each) ?? each);
  if (!commits.has(base) || !commits.has(head)) return notFound;
  const [ofBase, ofHead] = [history(commits, base), history(commits, head)];
  const common = [...ofHead].find((sha) => ofBase.has(sha));
  if (common === undefined) {
    const message = `No common ancestor between ${base} and ${head}.`;
    return { status: 404, body: { message, status: '404' } };
  }
  const ahead = [...ofHead].filter((sha) => !ofBase.has(sha));
  const behind = [...ofBase].filter((sha) => !ofHead.has(sha));
  const one = behind.length > 0 ? 'behind' : 'identical';
  const status = ahead.length === 0 ? one : behind.length > 0 ? 'diverged' : 'ahead';
  const shown = (sha: string) => ({ ...sample('commit'), sha });
  return {
    status: 200,
    body: {
      ...sample('commit-comparison'),
      status,
      ahead_by: ahead.length,
      behind_by: behind.length,
      total_commits: ahead.length,
      base_commit: shown(base),
      merge_base_commit: shown(common),
      commits: ahead.toReversed().map(shown),
      files: [],
    },
  };
}

/** The endpoint knows four levels only: "`maintain` is mapped to `write` and `triage` to `read`". */
const levels: Partial<Record<Role, Role>> = { maintain: 'write', triage: 'read' };

const tooLong: Reply = {
  status: 422,
  body: { message: 'Validation Failed: body is too long (maximum is 65536 characters)' },
};

export const operations: Readonly<Record<string, Operation>> = {
  'issues/list-comments': {
    permission: 'pull-requests',
    answer: ({ parameters }, { comments }) => {
      const number = Number(parameters['issue_number']);
      if (number !== pullRequest) return notFound;
      const own = comments.filter(({ issue }) => issue === number);
      return { status: 200, body: own.map(shown.comment) };
    },
  },
  'issues/create-comment': {
    permission: 'pull-requests',
    answer: ({ parameters, body }, held) => {
      const issue = Number(parameters['issue_number']);
      if (issue !== pullRequest) return notFound;
      const text = String(body['body']);
      if ([...text].length > longest) return tooLong;
      const user = { login: 'github-actions[bot]', type: 'Bot' as const };
      const id = held.nextId++;
      const comment = { id, issue, body: text, user, author_association: 'CONTRIBUTOR' };
      held.comments.push(comment);
      return { status: 201, body: shown.comment(comment) };
    },
  },
  'issues/update-comment': {
    permission: 'pull-requests',
    answer: ({ parameters, body }, { comments }) => {
      const comment = comments.find(({ id }) => id === Number(parameters['comment_id']));
      if (!comment) return notFound;
      const text = String(body['body']);
      if ([...text].length > longest) return tooLong;
      comment.body = text;
      return { status: 200, body: shown.comment(comment) };
    },
  },
  'repos/get-collaborator-permission-level': {
    permission: 'metadata',
    answer: ({ parameters }, { people }) => {
      const login = parameters['username'] ?? '';
      const role = people[login];
      if (role === undefined) {
        return { status: 404, body: { message: `${login} is not a user`, status: '404' } };
      }
      const user = { ...sample('simple-user'), login, role_name: role };
      const permission = levels[role] ?? role;
      return { status: 200, body: { permission, role_name: role, user } };
    },
  },
  'repos/compare-commits-with-basehead': {
    permission: 'contents',
    answer: ({ parameters, query }, held) => {
      const reply = comparison(parameters['basehead'] ?? '', held);
      if (reply.status !== 200) return reply;
      // The commits are paged, and the rest is on every page.
      const { commits, ...body } = reply.body as { readonly commits: readonly unknown[] };
      const size = Math.min(100, Number(query.get('per_page') ?? 100));
      return { status: 200, body: { ...body, commits: commits.slice(0, size) } };
    },
  },
  'repos/list-deployments': {
    permission: 'deployments',
    answer: ({ query }, { deployments }) => {
      const asked = (name: 'sha' | 'environment', value: string) =>
        (query.get(name) ?? value) === value;
      const found = deployments.filter(
        ({ sha, environment }) => asked('sha', sha) && asked('environment', environment),
      );
      return { status: 200, body: found.toReversed().map(shown.deployment) };
    },
  },
  'repos/create-deployment': {
    permission: 'deployments',
    answer: ({ body }, held) => {
      const deployment: Deployment = {
        id: held.nextId++,
        sha: String(body['ref']),
        environment: String(body['environment'] ?? 'production'),
        payload: body['payload'] ?? {},
        creator: 'github-actions[bot]',
      };
      if (!/^[0-9a-f]{40}$/.test(deployment.sha)) {
        return { status: 422, body: { message: `No ref found for: ${deployment.sha}` } };
      }
      held.deployments.push(deployment);
      return { status: 201, body: shown.deployment(deployment) };
    },
  },
  'repos/list-deployment-statuses': {
    permission: 'deployments',
    answer: ({ parameters }, { statuses }) => {
      const id = Number(parameters['deployment_id']);
      const own = statuses.filter(({ deployment }) => deployment === id);
      return { status: 200, body: own.toReversed().map(shown.status) };
    },
  },
  'repos/create-deployment-status': {
    permission: 'deployments',
    answer: ({ parameters, body }, held) => {
      const deployment = Number(parameters['deployment_id']);
      if (!held.deployments.some(({ id }) => id === deployment)) return notFound;
      const text = (name: string) => String(body[name] ?? '');
      const description = text('description');
      if (description.length > 140) {
        return { status: 422, body: { message: 'description is too long (maximum is 140)' } };
      }
      const status: Status = {
        deployment,
        state: text('state'),
        description,
        log_url: text('log_url'),
        environment_url: text('environment_url'),
      };
      held.statuses.push(status);
      return { status: 201, body: shown.status(status) };
    },
  },
  'actions/get-workflow-run-attempt': {
    permission: 'actions',
    answer: ({ parameters }, { runs }) => {
      const found = runs.find(
        ({ id, attempt }) =>
          id === Number(parameters['run_id']) && attempt === Number(parameters['attempt_number']),
      );
      if (!found) return notFound;
      const { id, attempt, status } = found;
      return { status: 200, body: { ...sample('workflow-run'), id, run_attempt: attempt, status } };
    },
  },
};

export type Permission = 'actions' | 'contents' | 'deployments' | 'metadata' | 'pull-requests';
