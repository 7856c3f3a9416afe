// Integers that a JavaScript number cannot hold: they are sent to the server with all their digits.

// Node 24 has JSON.rawJSON; the library of ES 2024 does not declare it yet.
const json = JSON as unknown as {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
};

/** A number if that is exact, else a value that `JSON.stringify` writes with all its digits. */
export function exactInteger(value: bigint): number | object {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : json.rawJSON(value.toString());
}

/** True for a value of `exactInteger` that is not a number: treat it as a scalar, never as an object. */
export function isExactNumber(value: unknown): boolean {
  return json.isRawJSON(value);
}
