// Integers that a JavaScript number cannot hold: they keep their own digits on the way to the server.

// Node 24 has JSON.rawJSON; the library of ES 2024 does not declare it yet.
const json = JSON as unknown as {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
};

/** A number where it is exact, else a value that `JSON.stringify` writes with all its digits. */
export function exactInteger(value: bigint): number | object {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : json.rawJSON(value.toString());
}

/** True for what `exactInteger` made where a number was not enough: a scalar, never an object. */
export function isExactNumber(value: unknown): boolean {
  return json.isRawJSON(value);
}
