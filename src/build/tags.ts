// Which tags an image gets. They are for people: it is deployed by its digest.
import parse from 'semver/functions/parse.js';
import type { RunContext } from '../core/context.ts';

export interface TagFacts
  extends Pick<RunContext, 'on' | 'ref' | 'sha' | 'defaultBranch' | 'pullRequest'> {
  /** The files may be unreviewed (a pull request). */
  readonly proposed: boolean;
}

/** The tag that identifies an image's inputs: `content-` and the first 32 hexadecimal digits of their hash. */
export const contentPrefix = 'content-';

/**
 * The commit, plus: the branch, with `latest` on the default branch only; the versions that a
 * semver Git tag means; `pr-N` for a pull request, whose commit is its head. A terminal: `local`.
 */
export function tagsFor(facts: TagFacts): readonly string[] {
  if (facts.on === 'terminal') return ['local'];
  const commit = /^[0-9a-f]{7,64}$/.test(facts.sha) ? [facts.sha] : [];
  if (facts.proposed) {
    const request = facts.pullRequest === undefined ? [] : [`pr-${facts.pullRequest}`];
    const tags = [...commit, ...request];
    return tags.length > 0 ? tags : ['pr'];
  }
  const branch = /^refs\/heads\/(.+)$/.exec(facts.ref)?.[1];
  const tag = /^refs\/tags\/(.+)$/.exec(facts.ref)?.[1];
  const named = branch === undefined ? versionTags(tag) : branchTags(branch, facts.defaultBranch);
  const tags = [...new Set([...commit, ...named])];
  return tags.length > 0 ? tags : ['untagged'];
}

function branchTags(branch: string, defaultBranch: string): readonly string[] {
  const isDefault = defaultBranch !== '' && branch === defaultBranch;
  return [branchTag(branch), ...(isDefault ? ['latest'] : [])];
}

// A branch with such a name would overwrite a tag that means something else.
const taken = new RegExp(
  `^(?:latest|local|untagged|pr(?:-\\d+)?|buildcache|v?\\d+(?:\\.\\d+)*(?:[-+].*)?|[0-9a-f]{7,64}|${contentPrefix}.*|branch-.*)$`,
);

function branchTag(branch: string): string {
  const text = asTag(branch);
  return taken.test(text) ? `branch-${text}`.slice(0, longest) : text;
}

/** `v1.2.3` → `1.2.3`, `1.2`, `1`; for a pre-release and `0.x` only the tags that semver guarantees. */
function versionTags(tag: string | undefined): readonly string[] {
  if (tag === undefined) return [];
  const version = parse(tag);
  if (!version) return [`tag-${asTag(tag)}`.slice(0, longest)];
  const { major, minor } = version;
  const exact = asTag(version.version);
  if (version.prerelease.length > 0) return [exact];
  return [exact, `${major}.${minor}`, ...(major > 0 ? [String(major)] : [])];
}

const longest = 128;

/** Letters, digits, `_`, `.` and `-`, beginning with a letter, a digit or `_`. */
function asTag(text: string): string {
  const clean = text.replaceAll(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[.-]+/, '');
  return clean.slice(0, longest) || 'branch';
}

/** The version in a semver Git tag, else the tag or branch itself; for the image's label. */
export function versionOf(ref: string): string {
  const name = /^refs\/(?:heads|tags)\/(.+)$/.exec(ref)?.[1] ?? '';
  return ref.startsWith('refs/tags/') ? (parse(name)?.version ?? name) : name;
}
