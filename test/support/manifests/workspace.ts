import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type {
  Http,
  HttpRequest,
  HttpResponse,
  RunOptions,
  RunResult,
  Shell,
} from '../../../src/core/ports.ts';
import { loadManifests } from '../../../src/manifests/load/load-manifests.ts';
import { realFiles } from '../../../src/platform/files.ts';

export interface Call {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: RunOptions | undefined;
}

export interface Given {
  readonly untrusted?: boolean;
  /** What kubectl answers. */
  readonly kubectl?: Partial<RunResult>;
  readonly http?: (request: HttpRequest) => HttpResponse;
}

/** A workspace of real files; programs and addresses answer what the test says. */
export function workspaceOf(contents: Readonly<Record<string, string>>) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'manifests-')));
  const workspace = join(root, 'work');
  const temp = join(root, 'temp');
  mkdirSync(temp);
  mkdirSync(workspace);
  for (const [path, text] of Object.entries(contents)) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), text);
  }
  const calls: Call[] = [];
  const requests: HttpRequest[] = [];
  let installs = 0;
  const load = async (entries: readonly string[], given: Given = {}) => {
    const shell: Shell = {
      run: async (command, args, options) => {
        calls.push({ command, args, options });
        return { code: 0, stdout: '', stderr: '', durationMs: 1, ...given.kubectl };
      },
      which: async () => undefined,
    };
    const http: Http = {
      send: async (request) => {
        requests.push(request);
        if (!given.http) throw new Error('no request was expected');
        return given.http(request);
      },
    };
    return loadManifests(entries, {
      ports: { shell, http, files: realFiles(temp) },
      context: { workspace, temp },
      untrusted: given.untrusted ?? false,
      kubectl: async () => {
        installs += 1;
        return '/opt/kubectl';
      },
    });
  };
  return { root, workspace, temp, calls, requests, load, installs: () => installs };
}

type Loaded = Awaited<ReturnType<typeof loadManifests>>;

/** `Kind/name file:line` of each document. */
export function places({ documents }: Loaded): readonly string[] {
  return documents.map(
    ({ object, file, line }) => `${object.kind}/${object.metadata.name} ${file}:${line}`,
  );
}

/** `code file:line what` of each finding. */
export function problems({ findings }: Loaded): readonly string[] {
  return findings.map(({ code, file, line, what }) =>
    [code, ...(file ? [line ? `${file}:${line}` : file] : []), what].join(' '),
  );
}

export const configMap = (name: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
