// Yandex Cloud's IAM as far as a deployer sees it: accounts, keys, tokens, and what proves what.
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { decodeProtectedHeader, importSPKI, type JWTPayload, jwtVerify } from 'jose';

/** Roles that the emulator knows. */
export type Role = 'k8s.viewer' | 'k8s.cluster-api.cluster-admin';

export interface ServiceAccount {
  readonly id: string;
  /** The authorized key's id: the JWT's `kid`. */
  readonly keyId: string;
  /** The key file as `yc iam key create` writes it. Fresh RSA key, worth nothing elsewhere. */
  readonly keyJson: string;
  readonly publicKey: string;
  readonly roles: readonly Role[];
}

export interface IssuedToken {
  readonly token: string;
  readonly subject: string;
  readonly issuedAt: number;
  /** Milliseconds since 1970; a test may move it. */
  expiresAt: number;
}

/** Refused, with a text for the caller. */
export class Refused extends Error {}

const MAX_SECONDS = 3600;
const MAX_JWT_LENGTH = 8000;
/** Clocks may differ by so much. */
const SKEW_SECONDS = 60;

export interface Identity {
  readonly accounts: ServiceAccount[];
  readonly tokens: IssuedToken[];
  lifetimeMs: number;
}

/** No accounts, tokens that live twelve hours. */
export function emptyIdentity(): Identity {
  return { accounts: [], tokens: [], lifetimeMs: 12 * 3600 * 1000 };
}

/** Ids look like Yandex's: twenty lower-case letters and digits. */
export function newId(prefix: string): string {
  return (
    prefix +
    randomBytes(17)
      .toString('hex')
      .slice(0, 20 - prefix.length)
  );
}

/** Makes an account with an authorized key of its own. */
export function makeAccount(roles: readonly Role[]): ServiceAccount {
  const id = newId('aje');
  const keyId = newId('aje');
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const warning = `PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <${keyId}>`;
  const file = {
    id: keyId,
    service_account_id: id,
    created_at: new Date().toISOString(),
    key_algorithm: 'RSA_2048',
    public_key: publicKey,
    private_key: `${warning}\n${privateKey}`,
  };
  return { id, keyId, keyJson: `${JSON.stringify(file, null, 2)}\n`, publicKey, roles };
}

/** Hands out a token in the shape that Yandex documents. */
export function issue(identity: Identity, subject: string): IssuedToken {
  const now = Date.now();
  const secret = randomBytes(86).toString('base64url').slice(0, 86);
  const token = `t1.${Buffer.from(randomUUID()).toString('base64url')}.${secret}`;
  const issued = { token, subject, issuedAt: now, expiresAt: now + identity.lifetimeMs };
  identity.tokens.push(issued);
  return issued;
}

/** The account whose unexpired token that is. */
export function holderOf(identity: Identity, token: string): string | undefined {
  const found = identity.tokens.find((one) => one.token === token);
  return found !== undefined && found.expiresAt > Date.now() ? found.subject : undefined;
}

/**
 * The account that signed a JWT for the exchange. Checks the algorithm (PS256 only), key, issuer,
 * audience, times and signature; throws `Refused`.
 */
export async function accountOfJwt(
  identity: Identity,
  jwt: string,
  audience: string,
): Promise<ServiceAccount> {
  if (jwt.length > MAX_JWT_LENGTH) throw new Refused('JWT is longer than 8000 characters');
  const header = attempt(() => decodeProtectedHeader(jwt), 'JWT is malformed');
  if (header.alg !== 'PS256') throw new Refused(`JWT algorithm ${header.alg} is not PS256`);
  if (header.typ !== 'JWT') throw new Refused('JWT has no typ JWT');
  const account = identity.accounts.find((one) => one.keyId === header.kid);
  if (account === undefined) throw new Refused(`Key ${header.kid} was not found`);
  const key = await importSPKI(account.publicKey, 'PS256');
  const options = { issuer: account.id, audience, clockTolerance: SKEW_SECONDS };
  const { payload } = await jwtVerify(jwt, key, { ...options, algorithms: ['PS256'] }).catch(
    (error: Error) => {
      throw new Refused(`JWT is invalid: ${error.message}`);
    },
  );
  checkTimes(payload);
  return account;
}

function checkTimes({ iat, exp }: JWTPayload): void {
  if (iat === undefined || exp === undefined) throw new Refused('JWT has no iat or no exp');
  if (exp <= iat) throw new Refused('JWT expires before it is issued');
  if (exp - iat > MAX_SECONDS) throw new Refused('JWT lives longer than 3600 seconds');
  if (iat > Date.now() / 1000 + SKEW_SECONDS) throw new Refused('JWT was issued in the future');
}

function attempt<T>(work: () => T, message: string): T {
  try {
    return work();
  } catch {
    throw new Refused(message);
  }
}
