// The API server's own record of who asked it what: for tests that count requests.
import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as streamText } from 'node:stream/consumers';

export interface AuditEvent {
  readonly auditID: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly user: { readonly username: string };
  readonly responseStatus?: { readonly code: number };
  /** RFC 3339, microseconds. */
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** Flags that make the API server write `<folder>/audit.jsonl`, a line when a request has ended. */
export async function auditFlags(folder: string): Promise<readonly string[]> {
  const policy = join(folder, 'audit-policy.json');
  const stages = ['RequestReceived', 'ResponseStarted'];
  const rules = [{ level: 'Metadata' }];
  const kind = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy' };
  await writeFile(policy, JSON.stringify({ ...kind, omitStages: stages, rules }));
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${join(folder, 'audit.jsonl')}`];
}

/** How much has been recorded so far, in bytes: from where a later reader has to look. */
export async function auditSize(folder: string): Promise<number> {
  return (await stat(join(folder, 'audit.jsonl'))).size;
}

/** Everything from that byte on; a watch appears when it ends. */
export async function readAudit(folder: string, from = 0): Promise<readonly AuditEvent[]> {
  const file = createReadStream(join(folder, 'audit.jsonl'), { start: from });
  const text = await streamText(file).catch(() => '');
  // Where reading begins in the middle of a line, its rest is of no use.
  const lines = text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{"'));
  return lines.map((line) => JSON.parse(line) as AuditEvent);
}
