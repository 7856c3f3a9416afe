// Stands before a registry as Yandex's do: user `iam` with an IAM token that the emulator issued.
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TokenRegistry {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Requests that brought a token which is good, and others that brought one at all. */
  readonly good: number;
  readonly bad: number;
  /** From now on logins are to be sent there: a Bearer challenge, as an attacker in its place has it. */
  sendLoginsTo(realm: string): void;
  /** The token of the next push of a manifest counts no more: it ran out during the build. */
  expireAtPush(): void;
  stop(): Promise<void>;
}

/** `isToken` says which tokens were ever issued. */
export async function startTokenRegistry(
  upstream: string,
  isToken: (token: string) => boolean,
): Promise<TokenRegistry> {
  const expired = new Set<string>();
  const seen = { good: 0, bad: 0 };
  let expires = false;
  let challenge = 'Basic realm="test"';
  const refuse = (response: ServerResponse) => {
    const body = '{"errors":[{"code":"UNAUTHORIZED","message":"Authentication problem"}]}';
    response.writeHead(401, { 'www-authenticate': challenge }).end(body);
  };
  const server = createServer((incoming, response) => {
    const { user, token } = loginOf(incoming);
    const isPush = incoming.method === 'PUT' && incoming.url?.includes('/manifests/');
    if (expires && isPush) {
      expired.add(token);
      expires = false;
    }
    if (user === 'iam' && isToken(token) && !expired.has(token)) {
      seen.good += 1;
      forward(upstream, incoming, response);
      return;
    }
    if (user !== '') seen.bad += 1;
    refuse(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    get good() {
      return seen.good;
    },
    get bad() {
      return seen.bad;
    },
    sendLoginsTo: (realm) => {
      challenge = `Bearer realm="${realm}",service="test"`;
    },
    expireAtPush: () => {
      expires = true;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function loginOf({ headers }: IncomingMessage): { readonly user: string; readonly token: string } {
  const [, basic = ''] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? [];
  const text = Buffer.from(basic, 'base64').toString();
  const colon = text.indexOf(':');
  return { user: text.slice(0, Math.max(colon, 0)), token: text.slice(colon + 1) };
}

function forward(upstream: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { authorization: _, ...headers } = incoming.headers;
  const { method = 'GET' } = incoming;
  const sent = request(`http://${upstream}${incoming.url}`, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  sent.on('error', () => response.destroy());
  incoming.pipe(sent);
}
