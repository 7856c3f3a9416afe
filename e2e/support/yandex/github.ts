// GitHub's OIDC provider: it hands a job tokens that say who it is, and publishes its key.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { type Journal, type Received, type Reply, type Service, serve } from './server.ts';

export interface GithubOidc {
  readonly issuer: string;
  readonly publicKey: string;
  /** ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN of a job. */
  readonly env: Readonly<Record<string, string>>;
  /** Every token handed out. */
  readonly tokens: readonly string[];
  /** What the next tokens say; a test may change it. */
  readonly claims: { sub: string; readonly defaultAudience: string };
  readonly service: Service;
}

/** Tokens for a job of `acme/shop` on its branch `main`. */
export async function startGithub(journal: Journal): Promise<GithubOidc> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const requestToken = `${randomUUID()}${randomUUID()}`;
  const tokens: string[] = [];
  const claims = {
    sub: 'repo:acme/shop:ref:refs/heads/main',
    defaultAudience: 'https://github.com/acme',
  };
  const keyId = randomUUID();
  const service = await serve('github', journal, async (request) => {
    if (request.path === '/.well-known/jwks') {
      const key = publicKey.export({ format: 'jwk' });
      return { status: 200, body: { keys: [{ ...key, kid: keyId, alg: 'RS256', use: 'sig' }] } };
    }
    const problem = problemOf(request, requestToken);
    if (problem !== undefined) return problem;
    const token = await new SignJWT({ repository: 'acme/shop', ref: 'refs/heads/main' })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: keyId })
      .setIssuer(`http://${service.address}`)
      .setSubject(claims.sub)
      .setAudience(request.query.get('audience') ?? claims.defaultAudience)
      .setIssuedAt()
      .setNotBefore('-5 min')
      .setExpirationTime('5 min')
      .sign(privateKey);
    tokens.push(token);
    return { status: 200, body: { count: token.length, value: token } };
  });
  const env = {
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://${service.address}/token?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
  };
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { issuer: `http://${service.address}`, publicKey: pem, env, tokens, claims, service };
}

function problemOf(request: Received, requestToken: string): Reply | undefined {
  if (request.path !== '/token' || request.method !== 'GET') {
    return { status: 404, body: { message: 'Not Found' } };
  }
  // GitHub's own toolkit writes the scheme in either case.
  const [scheme, token] = (request.headers['authorization'] ?? '').split(' ');
  if (scheme?.toLowerCase() === 'bearer' && token === requestToken) return undefined;
  return { status: 401, body: { message: 'the request token is wrong' } };
}
