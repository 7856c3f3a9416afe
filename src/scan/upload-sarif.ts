// Uploads a SARIF file to GitHub's code scanning; a failure is reported and fails nothing.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { RunContext } from '../core/context.ts';
import { type Http, TransportError } from '../core/ports.ts';
import { reveal, Secret } from '../core/secret.ts';
import { clip, oneLine } from '../core/text.ts';

export interface Upload {
  readonly sarif: string;
  readonly token: Secret | undefined;
  readonly context: RunContext;
  readonly http: Http;
}

/** GitHub's limit, measured after gzip. */
const mostBytes = 10 * 1024 * 1024;

const needs = 'the job needs permissions: security-events: write';
const off = 'code scanning is off for this repository: turn it on in Settings, Code security';

/** One sentence for the summary; undefined if there is nowhere to upload to. */
export async function uploadSarif(upload: Upload): Promise<string | undefined> {
  const { context, token, sarif, http } = upload;
  if (context.on !== 'github' || token === undefined || !context.sha || !context.ref) return;
  const packed = await promisify(gzip)(sarif);
  if (packed.length > mostBytes) return 'not uploaded to code scanning: larger than 10 MB';
  const body = { commit_sha: context.sha, ref: refOf(context), sarif: packed.toString('base64') };
  try {
    const answer = await http.send({
      method: 'POST',
      url: `${context.apiUrl}/repos/${context.repository}/code-scanning/sarifs`,
      headers: {
        authorization: new Secret(`Bearer ${reveal(token)}`),
        accept: 'application/vnd.github+json',
        'content-type': 'application/json',
        'x-github-api-version': '2022-11-28',
      },
      body: JSON.stringify(body),
      timeoutMs: 60_000,
    });
    return sentence(answer.status, answer.body);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    return `not uploaded to code scanning: GitHub did not answer (${error.reason})`;
  }
}

/** The commit of a pull request is its head, so the ref is the head's, not the merge's. */
const refOf = ({ ref }: RunContext) => ref.replace(/^(refs\/pull\/\d+)\/merge$/, '$1/head');

function sentence(status: number, body: string): string {
  if (status === 202 || status === 200) return 'uploaded to code scanning';
  const said = messageOf(body);
  // 403 means either, and only GitHub's message says which.
  if (/not enabled|must be enabled|advanced security/i.test(said)) return `not uploaded: ${off}`;
  if (status === 401 || status === 403 || status === 404) return `not uploaded: ${needs}`;
  return `not uploaded to code scanning: HTTP ${status} ${clip(oneLine(said), 200)}`.trimEnd();
}

function messageOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { readonly message?: unknown };
    return typeof message === 'string' ? message : '';
  } catch {
    return '';
  }
}
