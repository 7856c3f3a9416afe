// What goes into the Authorization header, made anew once when the server refuses it.
import { reveal, type Secret } from '../core/secret.ts';

/** A token that is made anew when less than `validForMs` of its life is left. */
export interface BearerSource {
  get(validForMs: number): Promise<Secret>;
}

export interface Credentials {
  /** The header's value; undefined where a client certificate speaks for us. */
  header(validForMs: number): Promise<string | undefined>;
  /** After a 401 for `refused`: another value to try, undefined where there is none. */
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
      // Many requests are refused at once: one of them fetches, all of them compare.
      renewing ??= current(Number.POSITIVE_INFINITY, true).finally(() => {
        renewing = undefined;
      });
      const fresh = await renewing;
      return fresh === refused ? undefined : fresh;
    },
  };
}
