// Resolves a requested version (`1.34`, `~1.33.0`, `latest`, `auto`) to one exact version.
import { maxSatisfying, parse, satisfies, valid, validRange } from 'semver';
import { ActionError, finding } from '../core/errors.ts';
import type { Http } from '../core/ports.ts';
import { TransportError } from '../core/ports.ts';
import { type Platform, platformName, type Tool } from './catalog.ts';

export interface Question {
  readonly tool: Tool;
  /** The input: `auto`, `match-cluster`, `latest`, a version, a minor or a range. */
  readonly asked: string;
  readonly platform: Platform;
  /** `1.34`, `v1.34.2`; absent if the cluster is unknown. */
  readonly clusterVersion?: string;
  readonly http: Http;
  /** The maker's host with the scheme; a test may replace it. */
  readonly maker: string;
}

/** Throws ActionError: `input-invalid` for a malformed version, `tool-unavailable` if none is found. */
export async function resolveVersion(question: Question): Promise<string> {
  const { tool, asked, platform } = question;
  const exact = valid(asked);
  if (exact) return exact;
  if (!tool.newestPath) return newestOfTable(tool, asked, platform);
  if (asked === 'latest') return newest(question);
  if (asked === 'auto' || asked === 'match-cluster') return matching(question);
  const minor = /^v?(\d+\.\d+)(\.[x*])?$/.exec(asked)?.[1];
  if (minor) return newest(question, minor);
  const range = validRange(asked);
  if (range) return inRange(question, range);
  throw badVersion(tool, asked);
}

function newestOfTable(tool: Tool, asked: string, platform: Platform): string {
  if (asked !== 'auto') throw badVersion(tool, asked);
  const name = platformName(platform);
  const there = Object.keys(tool.digests).filter((version) => tool.digests[version]?.[name]);
  const best = maxSatisfying(there, '*');
  if (best) return best;
  const hint = `Set ${tool.name}-version and ${tool.name}-sha256, or ${tool.name}-version: none.`;
  const what = `No checked ${tool.name} is known for ${name}.`;
  throw new ActionError(finding('tool-unavailable', what, { hint }));
}

function badVersion(tool: Tool, asked: string): ActionError {
  const forms = tool.newestPath
    ? 'auto, match-cluster, latest, none, 1.34, 1.34.2 or a range like ">=1.33 <1.35"'
    : `auto, none or an exact version like ${Object.keys(tool.digests)[0]}`;
  const what = `${tool.name}-version ${JSON.stringify(asked)} is not a version.`;
  return new ActionError(finding('input-invalid', what, { hint: `Write ${forms}.` }));
}

async function matching(question: Question): Promise<string> {
  const minor = /^v?(\d+\.\d+)/.exec(question.clusterVersion ?? '')?.[1];
  if (minor) return newest(question, minor);
  if (question.asked === 'auto') return newest(question);
  const what = `${question.tool.name}-version: match-cluster needs a cluster whose version is known.`;
  throw new ActionError(finding('input-invalid', what, { hint: 'Give an exact version instead.' }));
}

/** The maker only names the newest patch of each minor; older patches are counted down from it. */
async function inRange(question: Question, range: string): Promise<string> {
  const top = parse(await newest(question));
  for (let minor = top?.minor ?? 0; minor >= 0; minor -= 1) {
    if (!mayHold(range, `${top?.major}.${minor}`)) continue;
    const last = parse(await newest(question, `${top?.major}.${minor}`));
    for (let patch = last?.patch ?? -1; patch >= 0; patch -= 1) {
      const version = `${last?.major}.${last?.minor}.${patch}`;
      if (satisfies(version, range)) return version;
    }
  }
  const what = `No ${question.tool.name} satisfies ${JSON.stringify(question.asked)}.`;
  throw new ActionError(finding('tool-unavailable', what));
}

/** Rejected without asking the maker; no minor ever had this many patches. */
function mayHold(range: string, minor: string): boolean {
  return Array.from({ length: 60 }, (_, patch) => `${minor}.${patch}`).some((version) =>
    satisfies(version, range),
  );
}

async function newest({ tool, http, maker }: Question, minor?: string): Promise<string> {
  const url = `${maker}/${tool.newestPath?.(minor)}`;
  const said = await fetchText(http, url);
  const version = valid(said.text.trim());
  if (said.status === 200 && version && isLikely(version)) return version;
  const of = minor ? ` of ${minor}` : '';
  const what = `The newest ${tool.name}${of} could not be found out.`;
  throw new ActionError(
    finding('tool-unavailable', what, {
      evidence: [`${url}: ${said.status === 0 ? said.text : `HTTP ${said.status}`}`],
      hint: 'Give an exact version that exists.',
    }),
  );
}

/** Kubernetes is at 1.36 after eleven years: larger numbers are not counted down from. */
function isLikely(version: string): boolean {
  const { major, minor, patch } = parse(version) ?? { major: 0, minor: 0, patch: 0 };
  return Math.max(major, minor, patch) < 1_000;
}

/** A small public file of a maker; status 0 and the reason if there is no answer. */
export async function fetchText(
  http: Http,
  url: string,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const { status, body } = await http.send({ url, redirect: 'any-host', maxBytes: 64 * 1_024 });
    return { status, text: body };
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    return { status: 0, text: `${error.reason}: ${error.message}` };
  }
}
