// What release.yml decides and does on GitHub, one command a step. Needs no package: nothing is
// installed in a job that can publish. Set-up of the project: docs/releasing.md.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { projectOf } from './project.ts';

const guide = 'docs/releasing.md';

/** Ends the step; what happened, why, and what mends it. */
export class ReleaseError extends Error {}

const numbers = /^v(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/;

type Version = readonly [major: number, minor: number, patch: number];

/** `vX.Y.Z` as numbers; undefined for every other tag. */
export function versionOf(tag: string): Version | undefined {
  const [, major, minor, patch] = numbers.exec(tag) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

const higher = (a: Version, b: Version) => (a[0] - b[0] || a[1] - b[1] || a[2] - b[2]) > 0;

export interface Tagged {
  /** `$GITHUB_REPOSITORY` */
  readonly repository: string;
  readonly tag: string;
  readonly packageText: string;
  /** Names of the branches that have the commit. */
  readonly branches: readonly string[];
}

/** Throws unless the tag may become a release: repository, version and branch are the right ones. */
export function checkTag({ repository, tag, packageText, branches }: Tagged): void {
  const project = projectOf(packageText);
  if (repository.toLowerCase() !== project.toLowerCase()) {
    throw new ReleaseError(
      `This repository is ${repository}, and package.json names ${project}: users would fetch the action from there. ` +
        `Set "repository": "github:${repository}" in package.json, run npm run docs, and commit what it changes.`,
    );
  }
  const { version } = JSON.parse(packageText) as { readonly version: string };
  const parsed = versionOf(tag);
  if (parsed === undefined || tag !== `v${version}`) {
    throw new ReleaseError(
      `The tag is ${tag}, and the version in package.json is ${version}. Tag the commit that has the version: git tag v${version}`,
    );
  }
  const [major, minor] = parsed;
  const allowed = ['main', `release/v${major}`, `release/v${major}.${minor}`];
  if (!branches.some((branch) => allowed.includes(branch))) {
    throw new ReleaseError(
      `The commit of ${tag} is on none of the branches ${allowed.join(', ')}, which are the reviewed ones. Merge it into one of them, then tag it there.`,
    );
  }
}

/** Throws where the environment `release` lacks the app; both are `true` or `false`. */
export function checkApp(has: { readonly client: string; readonly key: string }): void {
  const missing = [
    ...(has.client === 'true' ? [] : ['the variable RELEASE_APP_CLIENT_ID']),
    ...(has.key === 'true' ? [] : ['the secret RELEASE_APP_PRIVATE_KEY']),
  ];
  if (missing.length === 0) return;
  throw new ReleaseError(
    `The environment release has not ${missing.join(' and ')}. Nothing was published. GITHUB_TOKEN can neither read whether releases are immutable nor move a tag to other workflow files; a GitHub App can: ${guide}, "The app".`,
  );
}

const appPermissions = 'Administration: read, Contents: write, Workflows: write';

export interface Api {
  /** `$GITHUB_API_URL` */
  readonly url: string;
  readonly token: string;
  readonly repository: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** The next page's path and query. */
  readonly next: string | undefined;
}

const waits = { call: 30_000, upload: 300_000 } as const;

async function call(api: Api, method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${api.url}/repos/${api.repository}/${path}`, {
    method,
    headers: headers(api),
    signal: AbortSignal.timeout(waits.call),
    redirect: 'error',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answer(response);
}

function headers({ token }: Api): Record<string, string> {
  return {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token}`,
    'user-agent': 'webgen-deploy-release',
    'x-github-api-version': '2022-11-28',
  };
}

async function answer(response: Response): Promise<Answer> {
  const text = await response.text();
  const next = /<[^>]*[?&]page=(\d{1,4})[^>]*>; rel="next"/.exec(
    response.headers.get('link') ?? '',
  );
  return { status: response.status, body: text === '' ? {} : JSON.parse(text), next: next?.[1] };
}

/** A field of an answer, or undefined; GitHub's answers are looked at, not believed. */
function at(body: unknown, ...keys: readonly string[]): unknown {
  const inside = (value: unknown, key: string) =>
    typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return keys.reduce(inside, body);
}

const said = ({ status, body }: Answer) =>
  `${status} ${String(at(body, 'message') ?? '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 200)}`.trim();

function expected(answer: Answer, status: number, what: string): unknown {
  if (answer.status === status) return answer.body;
  throw new ReleaseError(`GitHub did not ${what}: ${said(answer)}.`);
}

const mostPages = 100;

async function pages(api: Api, path: string, what: string): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  let page: string | undefined = '1';
  for (let turn = 0; page !== undefined && turn < mostPages; turn++) {
    const each: Answer = await call(api, 'GET', `${path}?per_page=100&page=${page}`);
    const rows = expected(each, 200, what);
    if (!Array.isArray(rows)) throw new ReleaseError(`GitHub did not ${what}: no list.`);
    all.push(...rows);
    page = each.next;
  }
  if (page !== undefined) throw new ReleaseError(`GitHub did not ${what}: more than 10,000.`);
  return all;
}

export interface Release {
  readonly tag: string;
  /** Commit of the tag, `$GITHUB_SHA`. */
  readonly sha: string;
}

/**
 * Throws unless what is published now could never change, and the tag is still where this run saw
 * it. Needs Administration: read, which GITHUB_TOKEN cannot have.
 * https://docs.github.com/en/rest/repos/repos#check-if-immutable-releases-are-enabled-for-a-repository
 */
export async function preflight(api: Api, release: Release): Promise<string> {
  const setting = await call(api, 'GET', 'immutable-releases');
  if (setting.status === 403) {
    throw new ReleaseError(
      `The release app may not read whether releases are immutable (${said(setting)}). Nothing was published. Give it Administration: read and accept the change in its installation: ${guide}, "The app".`,
    );
  }
  const enabled = setting.status === 200 && at(setting.body, 'enabled') === true;
  if (!enabled && (setting.status === 200 || setting.status === 404)) {
    throw new ReleaseError(
      `Releases of ${api.repository} are not immutable. Nothing was published. Turn it on, then re-run this job: gh api --method PUT repos/${api.repository}/immutable-releases`,
    );
  }
  expected(setting, 200, 'say whether releases are immutable');
  const commit = await commitOf(api, release.tag);
  if (commit !== release.sha) {
    throw new ReleaseError(
      `The tag ${release.tag} points to ${commit} now, and this run checked ${release.sha}. Nothing was published. Find out who moved it; a release needs a tag of its own.`,
    );
  }
  return 'Releases are immutable, and the tag is where it was.';
}

const isCommit = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{40}$/.test(value);

async function commitOf(api: Api, tag: string): Promise<string> {
  const what = `show the tag ${tag}`;
  const ref = expected(await call(api, 'GET', `git/ref/tags/${tag}`), 200, what);
  let target = at(ref, 'object');
  if (at(target, 'type') === 'tag' && isCommit(at(target, 'sha'))) {
    const path = `git/tags/${String(at(target, 'sha'))}`;
    target = at(expected(await call(api, 'GET', path), 200, what), 'object');
  }
  const sha = at(target, 'sha');
  if (at(target, 'type') !== 'commit' || !isCommit(sha)) {
    throw new ReleaseError(`GitHub did not ${what}: it names no commit.`);
  }
  return sha;
}

export interface Standing {
  /** Higher than every other version. */
  readonly newest: boolean;
  /** Higher than every other version of its major. */
  readonly newestOfMajor: boolean;
  /** The version that is higher than it, first within the major. */
  readonly above: string | undefined;
}

/**
 * How a version stands among all tags. Tags count, not releases: a tag outlives a release that
 * was deleted, and the major tag must never go back.
 */
export function standing(tag: string, tags: readonly string[]): Standing {
  const own = versionOf(tag);
  if (own === undefined) throw new ReleaseError(`${tag} is no version.`);
  const above = tags
    .flatMap((each) => {
      const version = versionOf(each);
      return version && higher(version, own) ? [{ each, version }] : [];
    })
    .sort((a, b) => (higher(a.version, b.version) ? -1 : 1));
  const ofMajor = above.find(({ version }) => version[0] === own[0]);
  return {
    newest: above.length === 0,
    newestOfMajor: ofMajor === undefined,
    above: (ofMajor ?? above[0])?.each,
  };
}

async function standingOf(api: Api, tag: string): Promise<Standing> {
  const rows = await pages(api, 'git/matching-refs/tags/v', 'list the tags');
  const tags = rows.map((row) => String(at(row, 'ref')).replace(/^refs\/tags\//, ''));
  return standing(tag, tags);
}

/**
 * A draft with all files first, since a published immutable release takes no more. Run again it
 * leaves a published release as it is, and begins anew where only a draft is there.
 */
export async function publish(
  api: Api,
  { tag }: Release,
  files: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[],
): Promise<string> {
  const { newest } = await standingOf(api, tag);
  const all = await pages(api, 'releases', 'list the releases');
  const own = all.filter((each) => at(each, 'tag_name') === tag);
  const published = own.find((each) => at(each, 'draft') === false);
  if (published !== undefined) {
    requireImmutable(published, tag);
    return `${tag} was published by an earlier run, and stays as it is.`;
  }
  for (const draft of own) {
    const gone = await call(api, 'DELETE', `releases/${idOf(draft)}`);
    expected(gone, 204, `remove the unfinished draft of ${tag}`);
  }
  const draft = expected(
    await call(api, 'POST', 'releases', {
      tag_name: tag,
      name: tag,
      draft: true,
      generate_release_notes: true,
    }),
    201,
    `make a draft of ${tag}`,
  );
  for (const file of files) await upload(api, draft, file);
  const done = await call(api, 'PATCH', `releases/${idOf(draft)}`, {
    draft: false,
    make_latest: newest ? 'true' : 'false',
  });
  requireImmutable(expected(done, 200, `publish ${tag}`), tag);
  return newest
    ? `${tag} is published, and is the latest release.`
    : `${tag} is published as a backport; the latest release stays what it was.`;
}

function idOf(release: unknown): number {
  const id = at(release, 'id');
  if (Number.isSafeInteger(id)) return Number(id);
  throw new ReleaseError('GitHub named a release without its id.');
}

function requireImmutable(release: unknown, tag: string): void {
  if (at(release, 'immutable') === true) return;
  throw new ReleaseError(
    `The release ${tag} is published and can still be changed: release immutability was turned off while this job ran. Turn it on, remove the release, and re-run this job: gh release delete ${tag}`,
  );
}

async function upload(
  api: Api,
  draft: unknown,
  file: { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> },
): Promise<void> {
  const url = new URL(String(at(draft, 'upload_url')).replace(/\{.*$/, ''));
  // The token goes to GitHub alone, whatever an answer says.
  if (url.origin !== 'https://uploads.github.com' && url.origin !== new URL(api.url).origin) {
    throw new ReleaseError(`GitHub named an upload address that is not its own: ${url.origin}`);
  }
  url.searchParams.set('name', file.name);
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers(api), 'content-type': 'application/octet-stream' },
    body: file.bytes,
    signal: AbortSignal.timeout(waits.upload),
    redirect: 'error',
  });
  expected(await answer(response), 201, `take ${file.name}`);
}

/** Moves `vN` to the release, unless a higher version of that major is there. */
export async function moveMajor(api: Api, { tag, sha }: Release): Promise<string> {
  const { newestOfMajor, above } = await standingOf(api, tag);
  const major = tag.slice(0, tag.indexOf('.'));
  if (!newestOfMajor) return `${major} stays where it is: ${above} is newer than ${tag}.`;
  const moved = await call(api, 'PATCH', `git/refs/tags/${major}`, { sha, force: true });
  if (moved.status === 200) return `${major} is ${tag} now.`;
  const missing = moved.status === 404 || /does not exist/.test(said(moved));
  const made = missing
    ? await call(api, 'POST', 'git/refs', { ref: `refs/tags/${major}`, sha })
    : moved;
  if (made.status === 201) return `${major} is new, and is ${tag}.`;
  throw new ReleaseError(
    `${tag} is published, but ${major} was not moved to it: ${said(made)}. The release app needs Workflows: write where workflow files differ, and a bypass in the ruleset of the tags: ${guide}. Re-run this job then; the published release stays as it is.`,
  );
}

type Environment = Readonly<Record<string, string | undefined>>;

function required(env: Environment, name: string): string {
  const value = env[name];
  if (value) return value;
  throw new ReleaseError(`${name} is empty; this script is a part of release.yml.`);
}

const root = join(import.meta.dirname, '..');

function branchesOf(sha: string): readonly string[] {
  if (!isCommit(sha)) throw new ReleaseError('GITHUB_SHA is no commit.');
  const format = ['--format=%(refname:lstrip=3)', `--contains=${sha}`, 'refs/remotes/origin'];
  const text = execFileSync('git', ['for-each-ref', ...format], { cwd: root, encoding: 'utf8' });
  return text.split('\n').filter((line) => line !== '');
}

const commands: Readonly<
  Record<string, (env: Environment, files: readonly string[]) => Promise<string> | string>
> = {
  check: (env) => {
    const tag = required(env, 'GITHUB_REF_NAME');
    checkTag({
      repository: required(env, 'GITHUB_REPOSITORY'),
      tag,
      packageText: readFileSync(join(root, 'package.json'), 'utf8'),
      branches: branchesOf(required(env, 'GITHUB_SHA')),
    });
    return `${tag} may be released.`;
  },
  app: (env) => {
    checkApp({ client: env['HAS_CLIENT'] ?? '', key: env['HAS_KEY'] ?? '' });
    return 'The release app is set up.';
  },
  'app-refused': () => {
    throw new ReleaseError(
      `GitHub gave no token for the release app; the step before says why. Nothing was published. The app must be installed in this repository with ${appPermissions}, and its key must be one of the app's: ${guide}, "The app".`,
    );
  },
  preflight: (env) => preflight(apiOf(env), releaseOf(env)),
  publish: (env, files) =>
    publish(
      apiOf(env),
      releaseOf(env),
      files.map((path) => ({ name: basename(path), bytes: new Uint8Array(readFileSync(path)) })),
    ),
  move: (env) => moveMajor(apiOf(env), releaseOf(env)),
};

function apiOf(env: Environment): Api {
  return {
    url: required(env, 'GITHUB_API_URL'),
    token: required(env, 'RELEASE_TOKEN'),
    repository: required(env, 'GITHUB_REPOSITORY'),
  };
}

function releaseOf(env: Environment): Release {
  return { tag: required(env, 'GITHUB_REF_NAME'), sha: required(env, 'GITHUB_SHA') };
}

/** A message as a workflow command's data. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands */
export const commandText = (text: string) =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

async function main([name = '', ...files]: readonly string[]): Promise<void> {
  try {
    const run = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!run) throw new ReleaseError(`${name} is none of ${Object.keys(commands).join(', ')}.`);
    console.log(`::notice::${commandText(await run(process.env, files))}`);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    console.log(`::error title=Release::${commandText(text)}`);
    process.exitCode = 1;
  }
}

if (import.meta.main) await main(process.argv.slice(2));
