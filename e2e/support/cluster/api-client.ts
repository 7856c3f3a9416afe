// A small client for the harness and its tests: one request to an API server, nothing clever.
import { Agent, request } from 'node:https';

export interface ApiCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root, query included. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** Default: the administrator's. */
  readonly token?: string;
}

export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON, or the text. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers freely
  readonly body: any;
}

export type ApiClient = (call: ApiCall) => Promise<ApiAnswer>;

/** Keeps connections; verifies the server by its CA. Rejects when there is no answer. */
export function apiClient(server: string, caPem: string, token: string): ApiClient {
  const agent = new Agent({ ca: caPem, keepAlive: true });
  return (call) =>
    new Promise((resolve, reject) => {
      const body = call.body === undefined ? undefined : JSON.stringify(call.body);
      const headers = {
        authorization: `Bearer ${call.token ?? token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
      };
      const options = { agent, method: call.method ?? 'GET', headers, timeout: 30_000 };
      const sent = request(new URL(call.path, server), options, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString();
          resolve({ status: answer.statusCode ?? 0, body: parse(text) });
        });
      });
      sent.on('error', reject);
      sent.on('timeout', () => sent.destroy(new Error(`${call.path}: no answer in 30 s`)));
      sent.end(body);
    });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
