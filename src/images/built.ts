// Images that this run built, or found unchanged.
/** An image that this run built, or found unchanged, in the registry. */
export interface BuiltImage {
  readonly name: string;
  /** Including the registry, without a tag. */
  readonly repository: string;
  /** Of what was pushed: the index if there is one. */
  readonly digest: string;
  /** `repository@sha256:…`: what is scanned and deployed. */
  readonly reference: string;
  readonly tags: readonly string[];
  readonly platforms: readonly string[];
  /** Its inputs were unchanged, so it was not built again. */
  readonly found: boolean;
}

/** name → `repository@sha256:…`. */
export function referencesOf(built: readonly BuiltImage[]): Readonly<Record<string, string>> {
  return Object.fromEntries(built.map(({ name, reference }) => [name, reference]));
}

/** name → `sha256:…`, of every reference that has a digest. */
export function digestsOf(
  images: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(images).flatMap(([name, reference]) => {
      const digest = /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];
      return digest === undefined ? [] : [[name, digest]];
    }),
  );
}
