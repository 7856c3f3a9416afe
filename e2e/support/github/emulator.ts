// GitHub's REST API as an action meets it, on this machine: token, permissions, bodies, pages.
import { randomUUID } from 'node:crypto';
import { type Journal, type Logged, type Received, type Reply, serve } from '../yandex/server.ts';
import { answerProblems, bodyProblems, operationOf } from './contract.ts';
import type { Permission } from './operations.ts';
import { type Asked, type Held, operations } from './operations.ts';

export interface GitHubApi {
  /** For a job: `GITHUB_API_URL`. */
  readonly env: Readonly<Record<string, string>>;
  readonly token: string;
  /** What the token may; a test may change it. Default: everything that is used. */
  readonly permissions: Record<Permission, 'none' | 'read' | 'write'>;
  readonly held: Held;
  readonly requests: readonly Logged[];
  /** What was asked or answered against GitHub's own description; a test expects none. */
  readonly problems: readonly string[];
  /** The next `times` requests whose path starts so are answered by this status; 0 cuts them. */
  failNext(path: string, status: number, times?: number): void;
  stop(): Promise<void>;
}

const nextId = 1000;

/** One repository, `acme/shop`, with pull request 12. */
export async function startGithubApi({ port = 0 } = {}): Promise<GitHubApi> {
  const journal: Journal = { requests: [], failures: [] };
  const token = `ghs_${randomUUID().replaceAll('-', '')}`;
  const permissions: GitHubApi['permissions'] = {
    actions: 'read',
    contents: 'read',
    deployments: 'write',
    metadata: 'read',
    'pull-requests': 'write',
  };
  const lists = { comments: [], deployments: [], statuses: [], runs: [] };
  const git = { commits: new Map(), refs: new Map() };
  const people = { octocat: 'admin', mona: 'maintain', wendy: 'write', tara: 'triage' } as const;
  const held: Held = {
    ...lists,
    ...git,
    people: { ...people, mallory: 'read', nobody: 'none' },
    nextId,
  };
  const problems: string[] = [];
  const service = await serve(
    'github-api',
    journal,
    (request) => answer({ request, token, permissions, held, problems, address: service.address }),
    port,
  );
  return {
    env: { GITHUB_API_URL: `http://${service.address}` },
    token,
    permissions,
    held,
    requests: journal.requests,
    problems,
    failNext: (path, status, times = 1) => {
      journal.failures.push({ path, status, headers: {}, left: times });
    },
    stop: () => service.stop(),
  };
}

interface Scene {
  readonly request: Received;
  readonly token: string;
  readonly permissions: GitHubApi['permissions'];
  readonly held: Held;
  readonly problems: string[];
  readonly address: string;
}

const said = (status: number, message: string): Reply => ({
  status,
  body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
});

function answer({ request, token, permissions, held, problems, address }: Scene): Reply {
  const { method, path, headers, body: text } = request;
  if (!/^(?:token|bearer) /i.test(headers['authorization'] ?? '')) {
    return said(401, 'Requires authentication');
  }
  if (headers['authorization']?.split(' ')[1] !== token) return said(401, 'Bad credentials');
  const matched = operationOf(method, path);
  if (!matched) {
    problems.push(`${method} ${path} is not known`);
    return said(404, 'Not Found');
  }
  const { id, parameters } = matched;
  if (`${parameters['owner']}/${parameters['repo']}` !== 'acme/shop') return said(404, 'Not Found');
  const operation = operations[id];
  if (!operation) throw new Error(`the emulator does not do ${id}`);
  const allowed = permissions[operation.permission];
  if (allowed === 'none' || (method !== 'GET' && allowed !== 'write')) {
    return said(403, 'Resource not accessible by integration');
  }
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  const wrong = bodyProblems(id, body);
  problems.push(...wrong.map((each) => `${id}: ${each}`));
  if (wrong.length > 0) return said(422, 'Validation Failed');
  const asked: Asked = { parameters, query: request.query, body: (body ?? {}) as Asked['body'] };
  const reply = operation.answer(asked, held);
  if (reply.status >= 300) return reply;
  problems.push(...answerProblems(id, reply.status, reply.body));
  return paged(reply, request, address);
}

/** Thirty of a list, or as many as are asked for up to a hundred; the rest by the Link header. */
function paged(reply: Reply, { path, query }: Received, address: string): Reply {
  if (!Array.isArray(reply.body)) return reply;
  const size = Math.min(100, Number(query.get('per_page') ?? 30));
  const page = Number(query.get('page') ?? 1);
  const items = reply.body.slice((page - 1) * size, page * size);
  if (page * size >= reply.body.length) return { ...reply, body: items };
  const next = new URLSearchParams(query);
  next.set('page', String(page + 1));
  const link = `<http://${address}${path}?${next}>; rel="next"`;
  return { ...reply, body: items, headers: { link } };
}
