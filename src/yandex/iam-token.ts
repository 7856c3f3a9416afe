// Exchanges a claim signed by a service account's key for an IAM token.
import { ActionError, finding } from '../core/errors.ts';
import type { HttpResponse, Ports } from '../core/ports.ts';
import { reveal, Secret } from '../core/secret.ts';
import { apiError, evidenceOf, jsonOf, problemOf, unreachable } from './api-error.ts';
import type { ServiceAccountKey } from './credentials.ts';
import { type Endpoints, tokenAudience } from './endpoints.ts';
import type { IssuedToken } from './token-source.ts';

export type CloudPorts = Pick<Ports, 'http' | 'clock' | 'log'>;

export interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
}

/** IAM accepts claims for at most an hour. */
const claimSeconds = 3_600;
/** A clock difference worth mentioning: beyond it, IAM rejects claims that are valid here. */
const skewMs = 60_000;

/** The JWT's claims; `now` in milliseconds. */
export function claimsFor(serviceAccountId: string, audience: string, now: number): Claims {
  const iat = Math.floor(now / 1_000);
  return { iss: serviceAccountId, aud: audience, iat, exp: iat + claimSeconds };
}

/**
 * Signs and exchanges. Throws ActionError: `input-invalid` for a key that cannot sign,
 * `unauthenticated` if IAM rejects it, `cluster-unreachable` if IAM does not answer.
 */
export async function tokenByKey(
  key: ServiceAccountKey,
  endpoints: Endpoints,
  ports: CloudPorts,
): Promise<IssuedToken> {
  const { http, clock, log } = ports;
  const claims = claimsFor(key.serviceAccountId, tokenAudience(endpoints.iam), clock.now());
  const jwt = await sign(key, claims);
  log.mask(jwt);
  const response = await http
    .send({
      method: 'POST',
      url: `${endpoints.iam}/iam/v1/tokens`,
      headers: { 'content-type': 'application/json' },
      body: new Secret(JSON.stringify({ jwt: reveal(jwt) })),
    })
    .catch(unreachable(endpoints.iam));
  if (response.status !== 200) throw refused(response, key, clock.now());
  const { iamToken, expiresAt } = jsonOf(response.body);
  const expiry = typeof expiresAt === 'string' ? Date.parse(expiresAt) : Number.NaN;
  return issued({ token: iamToken, expiresAt: expiry, response, log });
}

export interface Answer {
  readonly token: unknown;
  readonly expiresAt: number;
  readonly response: HttpResponse;
  readonly log: Ports['log'];
}

/** Validates an issuer's answer and masks its token. */
export function issued({ token, expiresAt, response, log }: Answer): IssuedToken {
  if (typeof token !== 'string' || token === '' || Number.isNaN(expiresAt)) {
    const { requestId } = problemOf(response);
    const what = 'Yandex Cloud answered without a token or without its time of expiry.';
    const evidence = requestId ? [`request id: ${requestId}`] : [];
    throw new ActionError(finding('api-error', what, { evidence }));
  }
  const secret = new Secret(token);
  log.mask(secret);
  return { token: secret, expiresAt };
}

async function sign(key: ServiceAccountKey, claims: Claims): Promise<Secret> {
  const { importPKCS8, SignJWT } = await import('jose');
  try {
    const privateKey = await importPKCS8(reveal(key.privateKey), 'PS256');
    const header = { alg: 'PS256', typ: 'JWT', kid: key.id };
    const jwt = new SignJWT({ ...claims }).setProtectedHeader(header);
    return new Secret(await jwt.sign(privateKey));
  } catch {
    // The library's own message may quote the key.
    const what = `The private key ${key.id} in yc-sa-json-credentials cannot sign.`;
    throw new ActionError(finding('input-invalid', what, { hint: newKey(key) }));
  }
}

function refused(response: HttpResponse, key: ServiceAccountKey, now: number): ActionError {
  if (response.status === 429 || response.status >= 500) {
    return apiError(response, { doing: 'hand out an IAM token' });
  }
  const what = `IAM refused key ${key.id} of service account ${key.serviceAccountId}.`;
  const skew = Date.parse(response.headers['date'] ?? '') - now;
  const evidence = [...evidenceOf(problemOf(response))];
  if (Math.abs(skew) < skewMs || Number.isNaN(skew)) {
    return new ActionError(finding('unauthenticated', what, { evidence, hint: newKey(key) }));
  }
  const seconds = Math.round(Math.abs(skew) / 1_000);
  evidence.push(`this machine's clock is ${seconds} s ${skew > 0 ? 'behind' : 'ahead of'} IAM's`);
  const hint =
    "Set the runner's clock (NTP): the key's claims are valid only around the right time.";
  return new ActionError(finding('unauthenticated', what, { evidence, hint }));
}

function newKey({ serviceAccountId }: ServiceAccountKey): string {
  return (
    'Make a new key and store the whole file as the secret behind yc-sa-json-credentials: ' +
    `yc iam key create --service-account-id ${serviceAccountId} --output key.json`
  );
}
