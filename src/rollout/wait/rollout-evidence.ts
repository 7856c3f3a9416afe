// What a fatal finding shows beyond the snapshot: log lines, and the platform of its node.

import type { Api } from '../../cluster/api.ts';
import { ActionError } from '../../core/errors.ts';
import type { ApiResponse } from '../../core/ports.ts';
import { textAt } from '../../kube/json.ts';
import { resourceOfKind } from '../../kube/kinds.ts';
import { pathOf } from '../../kube/paths.ts';
import { platformHint, wrongPlatform } from '../facts/exit-words.ts';
import { plain, plainLog } from '../facts/plain-text.ts';
import type { LiveFinding, LogRequest } from '../facts/verdict.ts';
import { errorLine } from './error-line.ts';
import type { LogExcerpt, ReportedFinding } from './result.ts';

const logMs = 5_000;
/** A line may be long, and all of it has to pass through memory. */
const logBytes = 256 * 1024;
/** Of one wait: the report has no room for more, and the API server other work. */
const mostLogs = 12;

export interface LogOptions {
  readonly logLines: number;
  readonly signal: AbortSignal;
}

/** The findings as the report shows them, with the log lines that they ask for. */
export async function withLogs(
  api: Api,
  findings: readonly LiveFinding[],
  options: LogOptions,
): Promise<readonly ReportedFinding[]> {
  let left = options.logLines > 0 ? mostLogs : 0;
  const asked = findings.map((each) => {
    const requests = each.severity === 'fatal' ? (each.logs ?? []).slice(0, left) : [];
    left -= requests.length;
    return { each, requests };
  });
  return Promise.all(
    asked.map(async ({ each, requests }) => {
      const read = await Promise.all(requests.map((request) => readLog(api, request, options)));
      const foreign = each.severity === 'fatal' && isForeign(each, read) && each.node;
      const platform = foreign ? await platformOf(api, foreign, options.signal) : undefined;
      return reported(each, { read, platform });
    }),
  );
}

interface Read {
  readonly excerpt?: LogExcerpt;
  /** Why there are no lines. */
  readonly why?: string;
}

async function readLog(api: Api, request: LogRequest, options: LogOptions): Promise<Read> {
  const { namespace, pod, container, previous } = request;
  const path = pathOf(resourceOfKind('Pod'), {
    namespace,
    name: pod,
    subresource: 'log',
    query: {
      container,
      previous: previous || undefined,
      tailLines: options.logLines,
      limitBytes: logBytes,
    },
  });
  const which = `${previous ? 'previous log' : 'log'} of ${pod}/${container}`;
  try {
    const answer = await api.send({
      method: 'GET',
      path,
      accept: '*/*',
      timeoutMs: logMs,
      signal: options.signal,
    });
    if (answer.status !== 200) return { why: `no ${which}: ${refusalWords(answer)}` };
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? '');
    // The kubelet says so with status 200 when the runtime has already removed the container.
    if (/^unable to retrieve container logs for /.test(text))
      return { why: `no ${which} any more` };
    const lines = plainLog(text, options.logLines);
    return lines.length > 0
      ? { excerpt: { pod, container, previous, lines } }
      : { why: `the ${which} is empty` };
  } catch (error) {
    if (error instanceof ActionError) return { why: `no ${which}: ${error.message}` };
    if (options.signal.aborted) return { why: `no ${which}: cancelled` };
    throw error;
  }
}

function refusalWords({ status, body }: ApiResponse): string {
  const { message } = (body ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? plain(message, 300) : `HTTP ${status}`;
}

function reported(live: LiveFinding, { read, platform }: Beyond): ReportedFinding {
  const { logs: _logs, proof: _proof, fatalAt: _fatalAt, cause: _cause, ...rest } = live;
  const { foreign: _foreign, ...shown } = rest;
  const logs = read.flatMap(({ excerpt }) => excerpt ?? []);
  const missing = logs.length > 0 ? [] : read.flatMap(({ why }) => why ?? []);
  const telling = errorLine(logs);
  return {
    ...shown,
    evidence: [
      ...(telling === undefined ? [] : [`the log says: ${telling}`]),
      ...shown.evidence,
      ...(platform === undefined ? [] : [platform]),
      ...missing,
    ],
    ...(isForeign(live, read) ? { hint: platformHint } : {}),
    ...(logs.length > 0 ? { logs } : {}),
  };
}

interface Beyond {
  readonly read: readonly Read[];
  readonly platform: string | undefined;
}

function isForeign(live: LiveFinding, read: readonly Read[]): boolean {
  const lines = read.flatMap(({ excerpt }) => excerpt?.lines ?? []);
  return live.foreign === true || lines.some((line) => wrongPlatform.test(line));
}

/** Kubernetes does not know an image's platform; the node's own leaves few to guess. */
async function platformOf(
  api: Api,
  node: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = pathOf(resourceOfKind('Node'), { name: node });
  try {
    const answer = await api.send({ method: 'GET', path, timeoutMs: logMs, signal });
    const architecture = textAt(answer.body, 'status', 'nodeInfo', 'architecture');
    const operatingSystem = textAt(answer.body, 'status', 'nodeInfo', 'operatingSystem');
    if (answer.status !== 200 || architecture === undefined) return undefined;
    const own = plain(`${operatingSystem ?? 'linux'}/${architecture}`, 40);
    const other = architecture === 'amd64' ? 'linux/arm64' : 'linux/amd64';
    return `the node ${plain(node, 80)} is ${own}; the program is for another, probably ${other}`;
  } catch (error) {
    if (error instanceof ActionError || signal.aborted) return undefined;
    throw error;
  }
}
