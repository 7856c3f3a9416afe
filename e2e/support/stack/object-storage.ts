// Object Storage as pods see it: a real S3 server (gofakes3) behind a door that checks every signature.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcesses } from '../cluster/processes.ts';
import { freePorts, until } from '../cluster/until.ts';
import { provideTool } from '../tools/tools.ts';

export const BUCKET = 'backups-of-tests';
/** A static access key, as `yc iam access-key create` makes one. */
export const ACCESS_KEY = { id: 'key-of-tests', secret: 'secret/of+tests' };

export interface ObjectStorage {
  /** For pods. */
  readonly endpoint: string;
  /** What the bucket holds, sorted. */
  names(): Promise<readonly string[]>;
  read(name: string): Promise<Buffer>;
  /** Requests with a signature that is wrong or missing; the server never saw them. */
  refused(): number;
  stop(): Promise<void>;
}

/** Listens on `address`; throws where the server cannot be had. */
export async function startObjectStorage(address: string): Promise<ObjectStorage> {
  const tool = await provideTool('gofakes3');
  if ('missing' in tool) throw new Error(tool.missing);
  const folder = await mkdtemp(join(tmpdir(), 'webgen-storage-'));
  const processes = startProcesses(folder, folder);
  const [port = 0] = await freePorts(1);
  const own = `http://127.0.0.1:${port}`;
  const flags = ['-backend', 'memory', '-initialbucket', BUCKET, '-host', `127.0.0.1:${port}`];
  processes.start('gofakes3', [tool.path, ...flags]);
  await until({ what: 'the S3 server' }, async () => (await fetch(`${own}/${BUCKET}`)).ok);
  let refused = 0;
  const door = createServer((asked, answer) => {
    if (isSigned(asked)) return passOn(port, asked, answer);
    refused += 1;
    asked.resume();
    answer.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>');
  });
  await once(door.listen(0, address), 'listening');
  return {
    endpoint: `http://${address}:${(door.address() as AddressInfo).port}`,
    names: async () => {
      const text = await (await fetch(`${own}/${BUCKET}?list-type=2`)).text();
      return [...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, name]) => `${name}`).sort();
    },
    read: async (name) =>
      Buffer.from(await (await fetch(`${own}/${BUCKET}/${name}`)).arrayBuffer()),
    refused: () => refused,
    stop: async () => {
      door.closeAllConnections();
      door.close();
      await processes.endAll();
    },
  };
}

function passOn(port: number, asked: IncomingMessage, answer: ServerResponse): void {
  const { method = 'GET', url = '/', headers } = asked;
  const sent = request({ host: '127.0.0.1', port, method, path: url, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(answer);
  });
  sent.on('error', () => answer.destroy());
  asked.pipe(sent);
}

const FORM =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(.+?), ?SignedHeaders=([^,]+), ?Signature=(\w{64})$/;

/** Signature version 4, as the server of a real bucket makes it out of the request and the secret. */
function isSigned({ method, url = '/', headers }: IncomingMessage): boolean {
  const [, id, scope = '', signed = '', signature = ''] =
    FORM.exec(headers.authorization ?? '') ?? [];
  if (id !== ACCESS_KEY.id) return false;
  const [path = '/', query = ''] = url.split('?');
  const pairs = query.split('&').filter((pair) => pair !== '');
  const values = signed.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [
    method,
    path,
    pairs
      .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
      .sort()
      .join('&'),
    values.join(''),
    signed,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const hash = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash].join('\n');
  const start: Buffer = Buffer.from(`AWS4${ACCESS_KEY.secret}`);
  const key = scope.split('/').reduce((last, part) => hmac(last, part), start);
  return timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'));
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
