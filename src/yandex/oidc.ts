// Keyless: exchanges this job's GitHub OIDC token for a service account's IAM token.
import { ActionError, finding } from '../core/errors.ts';
import type { HttpResponse } from '../core/ports.ts';
import { reveal, Secret } from '../core/secret.ts';
import { clip } from '../core/text.ts';
import { apiError, evidenceOf, jsonOf, problemOf, unreachable } from './api-error.ts';
import type { Endpoints } from './endpoints.ts';
import { type CloudPorts, issued } from './iam-token.ts';
import type { IssuedToken } from './token-source.ts';

/** Where the runner issues ID tokens: ACTIONS_ID_TOKEN_REQUEST_URL and …_TOKEN. */
export interface IdTokenRequest {
  readonly url: string;
  readonly token: Secret;
}

export interface Federation {
  readonly serviceAccountId: string;
  /** The audience of GitHub's token; absent: GitHub's own default. */
  readonly audience?: string;
  /** Absent if the job may not request ID tokens. */
  readonly request: IdTokenRequest | undefined;
}

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessToken = 'urn:ietf:params:oauth:token-type:access_token';
const idTokenType = 'urn:ietf:params:oauth:token-type:id_token';

/**
 * Asks GitHub, then exchanges. Throws ActionError `unauthenticated`, with `iss`, `aud`, `sub` and
 * the command that links them if the exchange is refused.
 */
export async function tokenByOidc(
  federation: Federation,
  endpoints: Endpoints,
  ports: CloudPorts,
): Promise<IssuedToken> {
  const idToken = await githubToken(federation, ports);
  const form = new URLSearchParams({
    grant_type: exchangeGrant,
    requested_token_type: accessToken,
    audience: federation.serviceAccountId,
    subject_token: reveal(idToken),
    subject_token_type: idTokenType,
  });
  const response = await ports.http
    .send({
      method: 'POST',
      url: `${endpoints.oauth}/oauth/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new Secret(form.toString()),
    })
    .catch(unreachable(endpoints.oauth));
  if (response.status !== 200) throw refused(response, federation, idToken);
  const { access_token: token, expires_in: seconds } = jsonOf(response.body);
  const life = typeof seconds === 'string' ? Number(seconds) : seconds;
  const expiresAt = typeof life === 'number' ? ports.clock.now() + life * 1_000 : Number.NaN;
  return issued({ token, expiresAt, response, log: ports.log });
}

async function githubToken(federation: Federation, ports: CloudPorts): Promise<Secret> {
  const { request, audience } = federation;
  if (!request) throw notPermitted();
  const url = URL.parse(request.url);
  if (!url) throw notPermitted();
  if (audience) url.searchParams.set('audience', audience);
  const response = await ports.http
    .send({
      url: url.href,
      headers: {
        authorization: new Secret(`bearer ${reveal(request.token)}`),
        accept: 'application/json; api-version=2.0',
      },
    })
    .catch(unreachable(url.origin));
  const { value } = jsonOf(response.body);
  if (response.status !== 200 || typeof value !== 'string' || value === '') {
    const what = `GitHub gave this job no ID token (HTTP ${response.status}).`;
    throw new ActionError(finding('unauthenticated', what, { hint: permission }));
  }
  const token = new Secret(value);
  ports.log.mask(token);
  return token;
}

const permission =
  'Add to the job: permissions: { id-token: write, contents: read }. ' +
  'Pull requests from forks never get an ID token.';

function notPermitted(): ActionError {
  const what = 'yc-sa-id needs an ID token from GitHub, and this job may not ask for one.';
  return new ActionError(finding('unauthenticated', what, { hint: permission }));
}

function refused(response: HttpResponse, federation: Federation, idToken: Secret): ActionError {
  if (response.status === 429 || response.status >= 500) {
    return apiError(response, { doing: 'exchange the ID token' });
  }
  const { iss, aud, sub } = claimsOf(idToken);
  const what =
    `Yandex Cloud did not accept GitHub's ID token for service account ` +
    `${federation.serviceAccountId}.`;
  const evidence = [
    ...evidenceOf(problemOf(response)),
    `iss: ${iss}`,
    `aud: ${aud}`,
    `sub: ${sub}`,
  ];
  const hint =
    'The federation must have this issuer and audience, and a link to exactly this subject: ' +
    linkCommand(federation.serviceAccountId, sub);
  return new ActionError(finding('unauthenticated', what, { evidence, hint }));
}

/** The subject contains a branch name, which anybody may choose: it must stay one shell word. */
export function linkCommand(serviceAccountId: string, subject: string): string {
  return (
    'yc iam workload-identity federated-credential create ' +
    `--service-account-id ${quoted(serviceAccountId)} --federation-id <federation-id> ` +
    `--external-subject-id ${quoted(subject)}`
  );
}

function quoted(text: string): string {
  // Control characters cannot be in a Git ref; a terminal would interpret them even inside quotes.
  const visible = text.replace(/\p{C}/gu, '?');
  return /^[\w-]+$/.test(visible) ? visible : `'${visible.replaceAll("'", `'\\''`)}'`;
}

/** The claims are not secret; the signature, which makes the token one, is left out. */
function claimsOf(idToken: Secret): { iss: string; aud: string; sub: string } {
  const payload = reveal(idToken).split('.')[1] ?? '';
  const claims = jsonOf(Buffer.from(payload, 'base64url').toString('utf8'));
  const text = (value: unknown) =>
    value === undefined ? '(absent)' : [value].flat().map(claimText).join(', ');
  return { iss: text(claims['iss']), aud: text(claims['aud']), sub: text(claims['sub']) };
}

const claimText = (value: unknown): string =>
  clip(typeof value === 'string' ? value : JSON.stringify(value), 500);
