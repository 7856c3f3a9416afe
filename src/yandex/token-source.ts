// Caches one token: issued on first use, renewed before it expires.
import type { Clock } from '../core/ports.ts';
import type { Secret } from '../core/secret.ts';

export interface IssuedToken {
  readonly token: Secret;
  /** Milliseconds since the epoch, as the issuer said. */
  readonly expiresAt: number;
}

export interface TokenSource {
  /**
   * A token valid for at least this many milliseconds, or as long as the issuer allows. `Infinity`
   * means that the last one was rejected: it is renewed in any case.
   */
  get(validForMs: number): Promise<Secret>;
}

/** Minimum interval between requests for a longer life than the issuer allows. */
const patienceMs = 60_000;

/** Single flight. A failed renewal is ignored while the old token is still valid. */
export function tokenSource(issue: () => Promise<IssuedToken>, clock: Clock): TokenSource {
  let known: (IssuedToken & { readonly issuedAt: number }) | undefined;
  let renewing: Promise<Secret> | undefined;

  const renew = async (refused: boolean): Promise<Secret> => {
    try {
      known = { ...(await issue()), issuedAt: clock.now() };
    } catch (error) {
      if (refused || !known || known.expiresAt - clock.now() < patienceMs) throw error;
    }
    return known.token;
  };

  return {
    get(validForMs) {
      if (renewing !== undefined) return renewing;
      if (known && lasts(known, validForMs, clock.now())) return Promise.resolve(known.token);
      renewing = renew(validForMs === Number.POSITIVE_INFINITY).finally(() => {
        renewing = undefined;
      });
      return renewing;
    },
  };
}

/** A given token, which is renewed elsewhere. */
export function givenToken(token: Secret): TokenSource {
  return { get: async () => token };
}

function lasts(
  known: { readonly issuedAt: number; readonly expiresAt: number },
  validForMs: number,
  now: number,
): boolean {
  if (validForMs === Number.POSITIVE_INFINITY) return false;
  // The issuer may return the same token again, so a full new life cannot be assumed.
  const life = known.expiresAt - known.issuedAt;
  const best = life - Math.max(patienceMs, life / 10);
  return known.expiresAt - now >= Math.min(validForMs, best);
}
