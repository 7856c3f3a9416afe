// What a finding asks for beyond the snapshot: reads that prove it, and log lines that show it.
import type { Api } from '../cluster/api.ts';
import { pathOf } from '../cluster/paths.ts';
import { ActionError } from '../errors.ts';
import type { LogExcerpt, ReportedFinding } from '../outcome.ts';
import type { ApiRequest, ApiResponse } from '../ports.ts';
import { platformHint, wrongPlatform } from '../rollout/exit-words.ts';
import type { Answer } from '../rollout/memory.ts';
import { plain, plainLog } from '../rollout/plain-text.ts';
import type { LiveFinding, LogRequest, Proof } from '../rollout/verdict.ts';

const readMs = 10_000;
const logMs = 5_000;
/** A line may be long, and all of it has to pass through memory. */
const logBytes = 256 * 1024;
/** Of one wait: the report has no room for more, and the API server other work. */
const mostLogs = 12;

const plurals = { Secret: 'secrets', ConfigMap: 'configmaps', ServiceAccount: 'serviceaccounts' };
// The head alone is enough where no key is asked for: no value leaves the API server.
const headOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

interface Keyed {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly binaryData?: Readonly<Record<string, unknown>> | null;
}

/** Reads what a finding calls missing. Values are dropped at once: only key names are looked at. */
export async function readProof(api: Api, proof: Proof, signal: AbortSignal): Promise<Answer> {
  const resource = { apiVersion: 'v1', plural: plurals[proof.kind], namespaced: true };
  const request: ApiRequest = {
    method: 'GET',
    path: pathOf(resource, { namespace: proof.namespace, name: proof.name }),
    ...(proof.key === undefined ? { accept: headOnly } : {}),
    timeoutMs: readMs,
    signal,
  };
  const sentAt = api.now();
  try {
    const { status, body } = await api.send(request);
    return { at: sentAt, ...resultOf(status, body as Keyed, proof) };
  } catch (error) {
    if (error instanceof ActionError) return { at: sentAt, result: 'unknown' };
    throw error;
  }
}

function resultOf(status: number, body: Keyed, proof: Proof): Omit<Answer, 'at'> {
  if (status === 404) return { result: 'missing' };
  if (status === 403) return { result: 'forbidden' };
  if (status !== 200) return { result: 'unknown' };
  if (proof.key === undefined) return { result: 'present' };
  const keys = [...Object.keys(body.data ?? {}), ...Object.keys(body.binaryData ?? {})];
  return keys.includes(proof.key) ? { result: 'present' } : { result: 'missing', keys };
}

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
      return reported(each, read);
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
  const path = pathOf(
    { apiVersion: 'v1', plural: 'pods', namespaced: true },
    {
      namespace,
      name: pod,
      subresource: 'log',
      query: {
        container,
        previous: previous || undefined,
        tailLines: options.logLines,
        limitBytes: logBytes,
      },
    },
  );
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

function reported(live: LiveFinding, read: readonly Read[]): ReportedFinding {
  const { logs: _logs, proof: _proof, fatalAt: _fatalAt, cause: _cause, ...shown } = live;
  const logs = read.flatMap(({ excerpt }) => excerpt ?? []);
  const missing = logs.length > 0 ? [] : read.flatMap(({ why }) => why ?? []);
  const foreign = logs.some(({ lines }) => lines.some((line) => wrongPlatform.test(line)));
  return {
    ...shown,
    evidence: [...shown.evidence, ...missing],
    ...(foreign ? { hint: platformHint } : {}),
    ...(logs.length > 0 ? { logs } : {}),
  };
}
