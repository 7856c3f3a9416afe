// GitHub's releases and tags by GitHub's own rules, as far as a release needs them.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface GitHubState {
  /** What the token may do. GITHUB_TOKEN has `contents` at most. */
  readonly permissions: Readonly<Record<string, 'read' | 'write'>>;
  /** The setting of the repository; read at each publication. */
  immutable: boolean;
  /** Tag → commit. */
  readonly tags: Map<string, string>;
  /** Annotated tags: id of the tag object → commit. */
  readonly annotated: Map<string, string>;
  /** Commits whose workflow files differ from what the token's own commit has. */
  readonly otherWorkflows: ReadonlySet<string>;
  /** A ruleset restricts updates of tags, without a bypass for this token. */
  readonly tagRuleset: boolean;
  readonly releases: FakeRelease[];
  latest: string;
  /** Rows a page: https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api */
  readonly perPage: number;
  /** An upload address that is not GitHub's. */
  readonly uploadTo?: string;
  /** `METHOD path` of every call, without the query. */
  readonly calls: string[];
}

export interface FakeRelease {
  readonly id: number;
  readonly tag_name: string;
  draft: boolean;
  immutable: boolean;
  readonly assets: string[];
}

export const newState = (change: Partial<GitHubState> = {}): GitHubState => ({
  permissions: { administration: 'read', contents: 'write', workflows: 'write' },
  immutable: true,
  tags: new Map(),
  annotated: new Map(),
  otherWorkflows: new Set(),
  tagRuleset: false,
  releases: [],
  latest: '',
  perPage: 100,
  calls: [],
  ...change,
});

export interface FakeGitHub {
  readonly url: string;
  readonly close: () => Promise<void>;
}

type Reply = readonly [status: number, body: unknown, link?: string];

const refused: Reply = [403, { message: 'Resource not accessible by integration' }];
const notFound: Reply = [404, { message: 'Not Found' }];

/** Serves `/repos/OWNER/NAME/…`; `token` is the one that it knows. */
export async function startGitHub(
  state: GitHubState,
  { repository, token }: { readonly repository: string; readonly token: string },
): Promise<FakeGitHub> {
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://github.test');
    const path = url.pathname.replace(`/repos/${repository}/`, '').replace(/^\//, '');
    state.calls.push(`${request.method} ${path}`);
    const known = request.headers.authorization === `Bearer ${token}`;
    const upload = path.startsWith('upload/');
    const body = upload || chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString());
    const [status, json, link] = known
      ? route(state, `${request.method} ${path}`, body, { url, base: base() })
      : ([401, { message: 'Bad credentials' }] as Reply);
    response.writeHead(status, link ? { link } : {});
    response.end(status === 204 ? '' : JSON.stringify(json));
  };
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return { url: base(), close };
}

type Body = Readonly<Record<string, unknown>>;

interface Call {
  readonly state: GitHubState;
  readonly body: Body;
  readonly url: URL;
  readonly base: string;
  readonly args: readonly string[];
}

const writes = ({ permissions }: GitHubState) => permissions['contents'] === 'write';

const routes: readonly (readonly [RegExp, (call: Call) => Reply])[] = [
  [/^GET immutable-releases$/, setting],
  [/^GET git\/ref\/tags\/(.+)$/, tagRef],
  [/^GET git\/tags\/(.+)$/, tagObject],
  [/^GET git\/matching-refs\/tags\/(.+)$/, matching],
  [/^PATCH git\/refs\/tags\/(.+)$/, moveRef],
  [/^POST git\/refs$/, makeRef],
  [/^GET releases$/, list],
  [/^POST releases$/, makeRelease],
  [/^DELETE releases\/(\d+)$/, removeRelease],
  [/^PATCH releases\/(\d+)$/, editRelease],
  [/^POST upload\/(\d+)$/, upload],
];

function route(state: GitHubState, name: string, body: Body, where: Pick<Call, 'url' | 'base'>) {
  for (const [pattern, run] of routes) {
    const [found, ...args] = pattern.exec(name) ?? [];
    if (found !== undefined) return run({ state, body, args, ...where });
  }
  return notFound;
}

// "The authenticated user must have admin read access to the repository."
// https://docs.github.com/rest/repos/repos#check-if-immutable-releases-are-enabled-for-a-repository
function setting({ state }: Call): Reply {
  if (!state.permissions['administration']) return refused;
  return [200, { enabled: state.immutable, enforced_by_owner: false }];
}

function tagRef({ state, args: [tag = ''] }: Call): Reply {
  const sha = state.tags.get(tag);
  if (sha === undefined) return notFound;
  const object = state.annotated.has(sha) ? { type: 'tag', sha } : { type: 'commit', sha };
  return [200, { ref: `refs/tags/${tag}`, object }];
}

function tagObject({ state, args: [id = ''] }: Call): Reply {
  const sha = state.annotated.get(id);
  return sha === undefined ? notFound : [200, { object: { type: 'commit', sha } }];
}

function page(rows: readonly unknown[], { state, url, base }: Call): Reply {
  const number = Number(url.searchParams.get('page') ?? 1);
  const end = number * state.perPage;
  const next = `<${base}${url.pathname}?per_page=100&page=${number + 1}>; rel="next"`;
  const part = rows.slice(end - state.perPage, end);
  return end < rows.length ? [200, part, next] : [200, part];
}

function matching(call: Call): Reply {
  const [prefix = ''] = call.args;
  const tags = [...call.state.tags.keys()].filter((tag) => tag.startsWith(prefix)).sort();
  return page(
    tags.map((tag) => ({ ref: `refs/tags/${tag}` })),
    call,
  );
}

/** A bare 403 over REST where workflow files differ: https://github.com/gofrolist/molecule-action/pull/642 */
function mayPoint(state: GitHubState, sha: string): Reply | undefined {
  if (!writes(state)) return refused;
  const workflows = state.permissions['workflows'] === 'write';
  return state.otherWorkflows.has(sha) && !workflows ? refused : undefined;
}

function moveRef({ state, args: [tag = ''], body }: Call): Reply {
  const sha = String(body['sha']);
  const no = mayPoint(state, sha);
  if (no) return no;
  if (!state.tags.has(tag)) return [422, { message: 'Reference does not exist' }];
  if (state.tagRuleset) {
    return [
      422,
      { message: 'Repository rule violations found\n\nCannot update this protected ref.\n\n' },
    ];
  }
  if (body['force'] !== true) return [422, { message: 'Update is not a fast forward' }];
  state.tags.set(tag, sha);
  return [200, {}];
}

function makeRef({ state, body }: Call): Reply {
  const [tag, sha] = [String(body['ref']).replace('refs/tags/', ''), String(body['sha'])];
  const no = mayPoint(state, sha);
  if (no) return no;
  if (state.tags.has(tag)) return [422, { message: 'Reference already exists' }];
  state.tags.set(tag, sha);
  return [201, {}];
}

/** Drafts are shown to those who may write alone. */
function list(call: Call): Reply {
  const { state } = call;
  return page(
    state.releases.filter(({ draft }) => !draft || writes(state)),
    call,
  );
}

function makeRelease({ state, body, base }: Call): Reply {
  if (!writes(state)) return refused;
  const id = Math.max(0, ...state.releases.map((each) => each.id)) + 1;
  const release = { id, tag_name: String(body['tag_name']), immutable: false, assets: [] };
  state.releases.push({ ...release, draft: body['draft'] === true });
  const upload_url = `${state.uploadTo ?? base}/upload/${id}{?name,label}`;
  return [201, { ...release, upload_url }];
}

const find = ({ state, args: [id] }: Call) => state.releases.find((each) => each.id === Number(id));

function removeRelease(call: Call): Reply {
  const release = find(call);
  if (!release) return notFound;
  call.state.releases.splice(call.state.releases.indexOf(release), 1);
  return [204, ''];
}

/** `make_latest` is `true` where it is left out. */
function editRelease(call: Call): Reply {
  const release = find(call);
  if (!release) return notFound;
  if (!writes(call.state)) return refused;
  release.draft = call.body['draft'] === true;
  release.immutable = call.state.immutable;
  if (call.body['make_latest'] !== 'false') call.state.latest = release.tag_name;
  return [200, release];
}

function upload(call: Call): Reply {
  const release = find(call);
  if (!release) return notFound;
  if (!release.draft) return [422, { message: 'Cannot upload assets to an immutable release.' }];
  release.assets.push(String(call.url.searchParams.get('name')));
  return [201, {}];
}
