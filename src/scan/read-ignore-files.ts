// The repository's ignore files; on a pull request, those of its base branch.
import { join } from 'node:path';
import type { RunContext } from '../core/context.ts';
import { type Finding, finding } from '../core/errors.ts';
import { isUntrusted } from '../core/guard.ts';
import { type Files, type Http, TransportError } from '../core/ports.ts';
import { reveal, Secret } from '../core/secret.ts';
import { type IgnoreFile, ignoreFileNames } from './ignore-file.ts';

export interface IgnorePorts {
  readonly files: Files;
  readonly http: Http;
}

export interface FoundIgnoreFiles {
  readonly files: readonly IgnoreFile[];
  readonly findings: readonly Finding[];
}

/** The author of a pull request could otherwise accept their own vulnerability. */
export async function readIgnoreFilesOf(
  context: RunContext,
  token: Secret | undefined,
  ports: IgnorePorts,
): Promise<FoundIgnoreFiles> {
  if (!isUntrusted(context)) return fromWorkspace(context.workspace, ports.files);
  const found = await Promise.all(
    ignoreFileNames.map((name) => fromBase(name, context, token, ports.http)),
  );
  return {
    files: found.flatMap((each) => (each.file ? [each.file] : [])),
    findings: found.flatMap((each) => (each.finding ? [each.finding] : [])),
  };
}

async function fromWorkspace(workspace: string, files: Files): Promise<FoundIgnoreFiles> {
  const found = await Promise.all(
    ignoreFileNames.map(async (file) => {
      const path = join(workspace, file);
      // A link could point to any file of the machine, and an invalid line is quoted.
      if ((await files.kind(path)) !== 'file') return [];
      return [{ file, text: await files.read(path) }];
    }),
  );
  return { files: found.flat(), findings: [] };
}

async function fromBase(
  file: string,
  context: RunContext,
  token: Secret | undefined,
  http: Http,
): Promise<{ readonly file?: IgnoreFile; readonly finding?: Finding }> {
  const { apiUrl, repository, baseRef } = context;
  if (!baseRef || !repository || token === undefined) return {};
  const url = `${apiUrl}/repos/${repository}/contents/${file}?ref=${encodeURIComponent(baseRef)}`;
  try {
    const { status, body } = await http.send({
      url,
      headers: {
        authorization: new Secret(`Bearer ${reveal(token)}`),
        accept: 'application/vnd.github.raw+json',
      },
    });
    if (status === 200) return { file: { file, text: body } };
    return status === 404 ? {} : { finding: unread(file, `HTTP ${status}`) };
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    return { finding: unread(file, error.reason) };
  }
}

function unread(file: string, why: string): Finding {
  const what = `${file} of the base branch could not be read, so nothing is accepted.`;
  const hint = 'Give the job permissions: contents: read.';
  return finding('scan-failed', what, { severity: 'warning', evidence: [why], hint });
}
