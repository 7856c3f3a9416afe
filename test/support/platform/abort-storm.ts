// A program of its own: requests through the product's connection to the API, each given up at a
// random moment. A process that runs away hears nothing any more, so its parent and a thread look on.
// `node abort-storm.ts KIND REQUESTS SEED`: `writes`, `reads` or `watches`.
import { once } from 'node:events';
import { readFileSync, writeSync } from 'node:fs';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { ApiRequest, Cluster } from '../../../src/core/ports.ts';
import { connectCluster } from '../../../src/platform/cluster.ts';
import { makeCertificate } from '../cluster/scripted-server.ts';

const [kind = 'writes', requests = '1000', seed = '1'] = process.argv.slice(2);
const mostBytes = 500e6;

/** The same numbers for the same seed. https://en.wikipedia.org/wiki/Linear_congruential_generator */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const random = randomFrom(Number(seed));

/** In a thread: the server, and who looks on, since the main thread would not come to it. */
async function serve(): Promise<void> {
  const { cert, key, shared } = workerData as Served;
  const count = new Int32Array(shared);
  setInterval(() => {
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
    if (kilobytes / 1024 > Atomics.load(count, 1)) Atomics.store(count, 1, kilobytes / 1024);
    if (kilobytes * 1024 < mostBytes) return;
    writeSync(1, `runaway at request ${Atomics.load(count, 0)}\n`);
    process.kill(process.pid, 'SIGKILL');
  }, 20);
  // Without its guard against "rapid reset", which an API server of Kubernetes has not either.
  const calm = { streamResetBurst: 1e9, streamResetRate: 1e9 };
  const server = createSecureServer({ cert, key, ...calm }, answer);
  server.on('sessionError', () => undefined);
  server.listen(0, '127.0.0.1', () => {
    parentPort?.postMessage((server.address() as AddressInfo).port);
  });
}

interface Served {
  readonly cert: string;
  readonly key: string;
  readonly shared: SharedArrayBuffer;
}

async function answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  response.writeHead(200, { 'content-type': 'application/json' });
  if (/watch=/.test(request.url)) {
    const line = `${JSON.stringify({ type: 'BOOKMARK', object: { metadata: {} } })}\n`;
    const timer = setInterval(() => response.write(line), 1);
    response.on('close', () => clearInterval(timer));
    return;
  }
  for await (const _ of request);
  await sleep(Math.random() * 5);
  response.end('{}');
}

/** In the same tick, up to four turns of the event loop later, or after 0 to 5 ms. */
function after(chance: number, work: () => void): void {
  const turns = Math.floor(chance * 10);
  const turn = (left: number): unknown => (left > 0 ? setImmediate(turn, left - 1) : work());
  if (turns < 5) turn(turns);
  else setTimeout(work, (chance - 0.5) * 10);
}

async function storm(cluster: Cluster, count: Int32Array): Promise<Record<string, number>> {
  const ends: Record<string, number> = { answered: 0, 'given up': 0, 'never settled': 0, other: 0 };
  const one = async (): Promise<void> => {
    Atomics.add(count, 0, 1);
    const controller = new AbortController();
    const gone = new Error('given up');
    const body = { data: 'x'.repeat(random() < 0.5 ? 700 : 30_000) };
    const request: ApiRequest = {
      ...(kind === 'writes' ? { method: 'PATCH', body } : { method: 'GET' }),
      path: kind === 'watches' ? '/api/v1/pods?watch=true' : '/api/v1/namespaces/a/configmaps/b',
      signal: controller.signal,
    };
    const work =
      kind === 'watches' ? cluster.stream(request, () => undefined) : cluster.send(request);
    const settled = work.then(
      () => 'answered',
      (error: unknown) => (error === gone ? 'given up' : String(error)),
    );
    after(random(), () => controller.abort(gone));
    const end = await Promise.race([settled, sleep(5_000, 'never settled', { ref: false })]);
    if (!(end in ends)) writeSync(2, `${end}\n`);
    ends[end in ends ? end : 'other'] = (ends[end] ?? 0) + 1;
  };
  const many = Number(requests);
  for (let begun = 0; begun < many; ) {
    const together = Math.min(many - begun, 1 + Math.floor(random() ** 3 * 40));
    begun += together;
    const all = Array.from({ length: together }, async () => {
      await new Promise((next) => after(random(), () => next(undefined)));
      await one();
    });
    await Promise.all(all);
  }
  return ends;
}

async function main(): Promise<void> {
  const shared = new SharedArrayBuffer(8);
  const count = new Int32Array(shared);
  const pair = makeCertificate();
  const [cert, key] = [pair.cert.toString(), pair.key.toString()];
  const thread = new Worker(new URL(import.meta.url), { workerData: { cert, key, shared } });
  thread.unref();
  const [port] = (await once(thread, 'message')) as [number];
  const access = {
    server: `https://127.0.0.1:${port}`,
    tls: { ca: cert },
    authorization: async () => undefined,
  };
  const cluster = connectCluster(access, { userAgent: 'storm', environment: {} });
  const ends = await storm(cluster, count);
  // The same connection is still good.
  const { status } = await cluster.send({ method: 'GET', path: '/api' });
  await cluster.close();
  const megabytes = Atomics.load(count, 1);
  writeSync(1, `${JSON.stringify({ ...ends, status, megabytes })}\n`);
  process.exit(0);
}

if (isMainThread) await main();
else await serve();
