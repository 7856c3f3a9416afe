// The internet of a test: a proxy on loopback that leads every name to a server of the test's own.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createProxy, type Server } from 'node:http';
import { createServer as createHost } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execOk } from '../cluster/exec.ts';

export interface Asked {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface Answer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** 404 where it answers undefined. */
export type Host = (asked: Asked) => Answer | undefined | Promise<Answer | undefined>;

export interface Internet {
  /** `http://127.0.0.1:PORT` of the proxy. */
  readonly proxy: string;
  /** HTTPS_PROXY, and the authority that signed every host's certificate. */
  readonly env: Readonly<Record<string, string>>;
  /** Every request that a host got, and every `host:port` that the proxy was asked for. */
  readonly asked: Asked[];
  readonly tunnels: { readonly to: string; readonly login: string | undefined }[];
  /** Answers for a name that `openInternet` was given. */
  host(name: string, answer: Host): void;
  /** Leads a name to a port of this machine as it is; a status refuses the tunnel instead. */
  lead(name: string, to: { readonly port: number } | { readonly status: number }): void;
  stop(): Promise<void>;
}

/** `names`: the hosts that its certificate is for. */
export async function openInternet(names: readonly string[]): Promise<Internet> {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-internet-'));
  const tls = await certificate(folder, names);
  const hosts = new Map<string, Host>();
  const led = new Map<string, { readonly port: number } | { readonly status: number }>();
  const asked: Asked[] = [];
  const tunnels: Internet['tunnels'] = [];
  const server = createHost(tls, async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    const host = (headers.host ?? '').replace(/:\d+$/, '');
    const one = { host, method, path, headers };
    asked.push(one);
    const answer = (await hosts.get(host)?.(one)) ?? { status: 404 };
    response.writeHead(answer.status ?? 200, answer.headers);
    response.end(answer.body ?? '');
  });
  const open = new Set<Socket>();
  const proxy = createProxy((_, response) => response.writeHead(405).end());
  proxy.on('connection', (socket: Socket) => open.add(socket));
  const port = await listen(server);
  proxy.on('connect', (request, client: Socket, head: Buffer) => {
    const to = request.url ?? '';
    tunnels.push({ to, login: request.headers['proxy-authorization'] });
    const target = led.get(to.replace(/:\d+$/, '')) ?? { port };
    if ('port' in target) tunnel(client, head, target.port);
    else client.end(`HTTP/1.1 ${target.status} Refused\r\ncontent-length: 0\r\n\r\n`);
  });
  const url = `http://127.0.0.1:${await listen(proxy)}`;
  return {
    proxy: url,
    env: { HTTPS_PROXY: url, NODE_EXTRA_CA_CERTS: join(folder, 'host.crt') },
    asked,
    tunnels,
    host: (name, answer) => void hosts.set(name, answer),
    lead: (name, to) => void led.set(name, to),
    stop: async () => {
      server.closeAllConnections();
      for (const socket of open) socket.destroy();
      await Promise.all([server, proxy].map((each) => new Promise((done) => each.close(done))));
      await rm(folder, { recursive: true });
    },
  };
}

async function certificate(folder: string, names: readonly string[]) {
  const alternatives = names.map((name) => `DNS:${name}`).join(',');
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const about = ['-subj', '/CN=webgen-deploy test hosts', '-days', '2'];
  const files = ['-keyout', 'host.key', '-out', 'host.crt'];
  const more = ['-addext', `subjectAltName=${alternatives}`];
  await execOk('openssl', ['req', '-x509', ...curve, ...about, ...files, ...more], { cwd: folder });
  const [cert, key] = await Promise.all(
    ['host.crt', 'host.key'].map((name) => readFile(join(folder, name))),
  );
  return { ...(cert && key ? { cert, key } : {}) };
}

async function listen(server: Server | ReturnType<typeof createHost>): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

function tunnel(client: Socket, head: Buffer, port: number): void {
  const target = connect(port, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    target.write(head);
    target.pipe(client).pipe(target);
  });
  target.on('error', () => client.destroy());
  client.on('error', () => target.destroy());
  client.on('close', () => target.destroy());
}
