// Workload identity federation: GitHub's token in exchange for an IAM token.
import { importSPKI, type JWTPayload, jwtVerify } from 'jose';
import type { GithubOidc } from './github.ts';
import { type Identity, issue } from './identity.ts';
import type { Received, Reply } from './server.ts';

const URN = 'urn:ietf:params:oauth';
/** What the form must say besides the audience and the token. */
const FIXED: Readonly<Record<string, string>> = {
  grant_type: `${URN}:grant-type:token-exchange`,
  requested_token_type: `${URN}:token-type:access_token`,
  subject_token_type: `${URN}:token-type:id_token`,
};

export interface Federation {
  readonly identity: Identity;
  readonly github: GithubOidc;
  /** Audiences that the federation accepts. */
  readonly audiences: string[];
  /** Which subject (compared exactly) may become which service account. */
  readonly links: { readonly serviceAccountId: string; readonly subject: string }[];
}

/** `POST /oauth/token`; errors are OAuth's own shape, not google.rpc.Status. */
export async function exchange(federation: Federation, request: Received): Promise<Reply> {
  if (request.method !== 'POST' || request.path !== '/oauth/token') {
    return refused(404, 'not_found', `no ${request.method} ${request.path} here`);
  }
  if (!(request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) {
    return refused(415, 'invalid_request', 'the body must be a form');
  }
  const form = new URLSearchParams(request.body);
  for (const [field, value] of Object.entries(FIXED)) {
    if (form.get(field) !== value) return refused(400, 'invalid_request', `${field} is wrong`);
  }
  const claims = await verify(federation.github, form.get('subject_token') ?? '');
  if (typeof claims === 'string') return refused(401, 'invalid_token', claims);
  return admit(federation, claims, form.get('audience') ?? '');
}

function admit(federation: Federation, claims: JWTPayload, serviceAccountId: string): Reply {
  const { identity, audiences, links } = federation;
  if (!identity.accounts.some(({ id }) => id === serviceAccountId)) {
    return refused(400, 'invalid_request', 'audience is not a service account');
  }
  const named = [claims.aud].flat();
  if (!named.some((audience) => audience !== undefined && audiences.includes(audience))) {
    return refused(401, 'invalid_request', 'the token is for another audience');
  }
  const linked = links.some(
    (link) => link.serviceAccountId === serviceAccountId && link.subject === claims.sub,
  );
  if (!linked) return refused(401, 'invalid_request', 'no federated credential for this subject');
  const { token, expiresAt } = issue(identity, serviceAccountId);
  const seconds = Math.floor((expiresAt - Date.now()) / 1000);
  const body = { access_token: token, token_type: 'Bearer', expires_in: seconds };
  return { status: 200, body };
}

async function verify(github: GithubOidc, token: string): Promise<JWTPayload | string> {
  const key = await importSPKI(github.publicKey, 'RS256');
  const options = { issuer: github.issuer, algorithms: ['RS256'] };
  return jwtVerify(token, key, options).then(
    ({ payload }) => payload,
    (error: Error) => error.message,
  );
}

function refused(status: number, error: string, description: string): Reply {
  return { status, body: { error, error_description: description } };
}
