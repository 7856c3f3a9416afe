// The value of the Authorization header, renewed once when the server rejects it.
import { reveal, type Secret } from '../core/secret.ts';

/** A token that is renewed when less than `validForMs` of its life is left. */
export interface BearerSource {
  get(validForMs: number): Promise<Secret>;
}

export interface Credentials {
  /** The header's value; undefined if a client certificate authenticates us. */
  header(validForMs: number): Promise<string | undefined>;
  /** After a 401 for `refused`: another value to try, or undefined. */
  renewed(refused: string | undefined): Promise<string | undefined>;
}

type Authorization = (refresh: boolean) => Promise<Secret | undefined>;

export function credentials(
  authorization: Authorization,
  token: BearerSource | undefined,
): Credentials {
  let renewing: Promise<string | undefined> | undefined;
  const current = async (validForMs: number, refresh: boolean): Promise<string | undefined> => {
    if (token) return `Bearer ${reveal(await token.get(validForMs))}`;
    const value = await authorization(refresh);
    return value && reveal(value);
  };
  return {
    header: (validForMs) => current(validForMs, false),
    async renewed(refused) {
      const now = await current(0, false);
      if (now !== undefined && now !== refused) return now;
      // Many requests are rejected at once: one of them fetches, the others compare.
      renewing ??= current(Number.POSITIVE_INFINITY, true).finally(() => {
        renewing = undefined;
      });
      const fresh = await renewing;
      return fresh === refused ? undefined : fresh;
    },
  };
}
