// A kustomization folder → documents, by `kubectl kustomize`, with the lines of the source files.
import { type Finding, finding } from '../../core/errors.ts';
import type { Ports, RunResult } from '../../core/ports.ts';
import { clip, safeLines } from '../../core/text.ts';
import type { Document } from '../../kube/document.ts';
import { parseManifests } from '../parse/parse.ts';
import { type Walked, walkKustomization } from './kustomization-walk.ts';
import { originsOf, withOrigins } from './kustomize-origins.ts';
import type { Places } from './places.ts';

export interface Loading {
  readonly ports: Pick<Ports, 'shell' | 'files' | 'http'>;
  readonly places: Places;
  readonly untrusted: boolean;
  /** The path of kubectl; installs it if needed. */
  kubectl(): Promise<string>;
  readonly signal?: AbortSignal;
}

export interface Loaded {
  readonly documents: readonly Document[];
  readonly findings: readonly Finding[];
}

// It clones remote bases, so it may take longer than a local build's second.
const timeoutMs = 120_000;
/** Characters kept from the end of its output, where the error is. */
const longestError = 65_536;

// Defence in depth: whatever the rules missed gets no network access.
const offline = {
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  http_proxy: 'http://127.0.0.1:9',
  https_proxy: 'http://127.0.0.1:9',
  NO_PROXY: '',
  no_proxy: '',
  GIT_ALLOW_PROTOCOL: 'none',
};

/** Refuses forbidden references before kubectl starts; afterwards its exit code decides. */
export async function loadKustomization(folder: string, loading: Loading): Promise<Loaded> {
  const { ports, places, untrusted, signal } = loading;
  const walked = await walkKustomization(folder, { files: ports.files, places, untrusted });
  if (walked.findings.some((each) => each.severity === 'fatal')) {
    return { documents: [], findings: walked.findings };
  }
  const kubectl = await loading.kubectl();
  const result = await ports.shell.run(kubectl, ['kustomize', folder], {
    cwd: places.absolute('.'),
    timeoutMs,
    ...(untrusted ? { env: offline } : {}),
    ...(signal ? { signal } : {}),
  });
  const shown = walked.kustomizations[0]?.shown ?? places.show(folder);
  if (result.code !== 0) {
    return {
      documents: [],
      findings: [...walked.findings, failure(result, { shown, walked, places })],
    };
  }
  const { documents, findings } = parseManifests(result.stdout, shown);
  const origins = originsOf(walked.locals, walked.kustomizations);
  return {
    documents: withOrigins(documents, origins),
    // Lines of the output are not lines of the user's file.
    findings: [...walked.findings, ...findings.map(({ line: _line, ...rest }) => rest)],
  };
}

interface Failure {
  readonly shown: string;
  readonly walked: Walked;
  readonly places: Places;
}

function failure(result: RunResult, { shown, walked, places }: Failure): Finding {
  const root = `${places.absolute('.')}/`;
  const said = result.stderr
    .slice(-longestError)
    .replaceAll(root, '')
    // kubectl's own log prefix: `E1124 03:07:21.078404   20331 run.go:72] `
    .replace(/^E\d{4} [\d:.]+\s+\d+ \w+\.go:\d+\] /gm, '');
  const missing = walked.missing.find(({ text }) => said.includes(`'${text}'`));
  const where = missing ?? { file: blamed(said, walked) ?? shown };
  const how = result.code < 0 ? 'was ended' : `failed with exit code ${result.code}`;
  return finding('manifest-invalid', `kubectl kustomize ${how} for ${shown}.`, {
    file: where.file,
    ...('line' in where ? { line: where.line } : {}),
    evidence: safeLines(said)
      .slice(-20)
      .map((line) => clip(line, 1_000)),
    hint: 'Correct what kustomize names above; `kubectl kustomize <folder>` shows it on your machine.',
  });
}

/** The file that the message names last: kustomize lists the chain from the outside in. */
function blamed(said: string, { locals, kustomizations }: Walked): string | undefined {
  const known = [...locals, ...kustomizations].map(({ shown }) => shown);
  const named = said.split(/[^\w./-]+/).map((word) => word.replace(/\.+$/, ''));
  return named
    .filter((path) => /\.ya?ml$/.test(path))
    .map((path) => known.find((shown) => shown === path || shown.endsWith(`/${path}`)))
    .findLast((shown) => shown !== undefined);
}
