// A small Yandex Cloud on loopback: it checks the JWT's signature and claims, and hands out tokens.
import { generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import type { Clock, Log } from '../../../src/core/ports.ts';
import { reveal, Secret } from '../../../src/core/secret.ts';
import { realHttp } from '../../../src/platform/http.ts';
import { type Handler, type Running, serve } from '../platform/servers.ts';

export const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
export const key = {
  id: 'ajekey',
  serviceAccountId: 'ajesa',
  privateKey: new Secret(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
};
export const caPem = '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n';

export type Answer = readonly [status: number, body: unknown, headers?: Record<string, string>];
/** A path with its method, `POST /iam/v1/tokens`; the text is the request's body or its query. */
export type Routes = Record<
  string,
  (text: string, authorization: string) => Answer | Promise<Answer>
>;

export interface Cloud extends Running {
  readonly routes: Routes;
}

export function status(code: number, message: string): unknown {
  const requestId = 'req-1';
  return { code, message, details: [{ '@type': 'x/google.rpc.RequestInfo', requestId }] };
}

/** `t1.token-1`, `t1.token-2`, … each good for twelve hours. */
export async function startCloud(lifeMs = 12 * 3_600_000): Promise<Cloud> {
  let issued = 0;
  const routes: Routes = {};
  const handler: Handler = (request, response, body) => {
    const url = new URL(request.url ?? '/', 'http://cloud');
    const route = routes[`${request.method} ${url.pathname}`];
    const text = body || url.search;
    const none: Answer = [404, status(5, 'none')];
    const answer = Promise.resolve(route?.(text, request.headers.authorization ?? '') ?? none);
    void answer
      .catch((error: unknown): Answer => [500, status(13, String(error))])
      .then(([code, said, headers]) => {
        response.writeHead(code, { 'content-type': 'application/json', ...headers });
        response.end(typeof said === 'string' ? said : JSON.stringify(said));
      });
  };
  const server = await serve(handler);
  const address = `127.0.0.1:${server.port}`;
  routes['GET /endpoints'] = () => [
    200,
    { endpoints: ['iam', 'managed-kubernetes', 'oauth'].map((id) => ({ id, address })) },
  ];
  routes['POST /iam/v1/tokens'] = async (text) => {
    const { jwt } = JSON.parse(text) as { jwt: string };
    const verified = await jwtVerify(jwt, pair.publicKey, {
      algorithms: ['PS256'],
      issuer: key.serviceAccountId,
      audience: `https://${address}/iam/v1/tokens`,
    }).catch((error: Error) => error);
    if (verified instanceof Error) return [401, status(16, verified.message)];
    const { iat = 0, exp = 0 } = verified.payload;
    const good = verified.protectedHeader.kid === key.id && exp - iat <= 3_600;
    if (!good) return [400, status(3, 'kid or lifetime is wrong')];
    issued += 1;
    const expiresAt = new Date(Date.now() + lifeMs).toISOString();
    return [200, { iamToken: `t1.token-${issued}`, expiresAt }];
  };
  return { ...server, routes };
}

/** A clock that a test moves; sleeping moves it too. */
export function movedClock(start = Date.now()): Clock & { move(ms: number): void } {
  let now = start;
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    move: (ms) => {
      now += ms;
    },
  };
}

/** A log that remembers what was masked and said. */
export function recordingLog(): Log & { readonly masked: string[]; readonly lines: string[] } {
  const masked: string[] = [];
  const lines: string[] = [];
  return {
    masked,
    lines,
    info: (line) => lines.push(line),
    debug: (line) => lines.push(line),
    group: (_title, work) => work(),
    annotate: (finding) => lines.push(JSON.stringify(finding)),
    mask: (secret) => masked.push(reveal(secret)),
  };
}

export function cloudPorts(clock = movedClock()) {
  const log = recordingLog();
  const quick: Clock = { now: clock.now, sleep: async () => undefined };
  const http = realHttp({ clock: quick, userAgent: 'webgen-deploy/test', environment: {} });
  return { http, clock, log };
}

interface Problem {
  readonly code: string;
  readonly what: string;
  readonly evidence: readonly string[];
  readonly hint: string;
}

/** The one finding of an expected failure. */
export async function problem(work: Promise<unknown>): Promise<Problem> {
  const error = await work.then(
    () => new Error('It did not fail.'),
    (each: unknown) => each,
  );
  const findings = (error as { findings?: readonly Problem[] }).findings;
  if (findings?.length !== 1 || !findings[0]) throw error;
  return findings[0];
}
