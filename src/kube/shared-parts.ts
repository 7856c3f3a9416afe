// Thousands of objects are mostly alike: equal parts are kept in memory once.

/**
 * `now` with its parts that equal those of `like` replaced by them; `like` itself if everything is equal.
 * Changes `now` in place, so nobody else may hold it yet; its parsed JSON is fresh from the wire.
 */
export function shareParts<T>(like: unknown, now: T): T {
  return shared(like, now) as T;
}

function shared(like: unknown, now: unknown): unknown {
  if (like === now) return like;
  if (Array.isArray(now)) return Array.isArray(like) ? sharedList(like, now) : now;
  return isPlain(like) && isPlain(now) ? sharedFields(like, now) : now;
}

function sharedList(like: readonly unknown[], now: unknown[]): unknown {
  let isSame = like.length === now.length;
  for (const [place, value] of now.entries()) {
    const kept = shared(like[place], value);
    if (kept !== like[place]) isSame = false;
    now[place] = kept;
  }
  return isSame ? like : now;
}

// `for in`, since it allocates no list of keys: this runs for every field of every event.
function sharedFields(like: Fields, now: Fields): unknown {
  let more = 0;
  let isSame = true;
  for (const _ in like) more += 1;
  for (const key in now) {
    more -= 1;
    // A key may be named `constructor`: inherited properties do not count.
    const before = Object.hasOwn(like, key) ? like[key] : undefined;
    const kept = shared(before, now[key]);
    if (kept !== before) isSame = false;
    now[key] = kept;
  }
  return isSame && more === 0 ? like : now;
}

type Fields = Record<string, unknown>;

/** A value from JSON; a `Secret` is not. */
function isPlain(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.getPrototypeOf(value) === Object.prototype;
}
