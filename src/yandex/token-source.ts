// Keeps one token alive: made when first asked for, made anew before it would run out.
import type { Clock } from '../core/ports.ts';
import type { Secret } from '../core/secret.ts';

export interface IssuedToken {
  readonly token: Secret;
  /** Milliseconds since the epoch, as the issuer said. */
  readonly expiresAt: number;
}

export interface TokenSource {
  /**
   * A token with at least so many milliseconds left, or as much as the issuer gives. `Infinity`
   * says that the last one was refused: it is made anew in any case.
   */
  get(validForMs: number): Promise<Secret>;
}

/** Never asks the issuer more often than this for a life that it does not give. */
const patienceMs = 60_000;

/** Single flight. A renewal that fails is no failure while the old token still lives. */
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

/** A token that somebody else made and renews. */
export function givenToken(token: Secret): TokenSource {
  return { get: async () => token };
}

function lasts(
  known: { readonly issuedAt: number; readonly expiresAt: number },
  validForMs: number,
  now: number,
): boolean {
  if (validForMs === Number.POSITIVE_INFINITY) return false;
  // The issuer may hand out the same token again, so a whole new life cannot be counted on.
  const life = known.expiresAt - known.issuedAt;
  const best = life - Math.max(patienceMs, life / 10);
  return known.expiresAt - now >= Math.min(validForMs, best);
}
