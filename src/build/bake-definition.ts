// The definition that `docker buildx bake` carries out: one target for each image, as JSON.
import { defined } from '../core/defined.ts';
import type { BuildRequest, ImageBuild } from './request.ts';

/** One image with everything that the run decided about it. */
export interface BakeImage {
  readonly image: ImageBuild;
  /** Registry and path, without a tag. */
  readonly repository: string;
  readonly tags: readonly string[];
  /** OCI names → values; also written as annotations. */
  readonly labels: Readonly<Record<string, string>>;
  /** Repositories whose build cache may be read; the first one is also written. */
  readonly cacheRepositories: readonly string[];
}

/** What the builder and the place can do. */
export interface Abilities {
  /** Exports caches, attestations, annotations and many platforms: all but a plain Docker engine. */
  readonly full: boolean;
  /** GitHub's cache service is there. */
  readonly gha: boolean;
}

export type Attestations = Pick<BuildRequest, 'provenance' | 'sbom'>;

export interface Definition {
  /** The file's text. */
  readonly json: string;
  /** Bake target → image name. */
  readonly targets: Readonly<Record<string, string>>;
}

type Target = Readonly<Record<string, unknown>>;

/** Pure. Paths stay relative to the workspace, where bake is started. */
export function bakeDefinition(
  images: readonly BakeImage[],
  {
    attestations,
    abilities,
  }: { readonly attestations: Attestations; readonly abilities: Abilities },
): Definition {
  const names = new Map<string, string>();
  const target: Record<string, Target> = {};
  for (const each of images) {
    const name = targetName(each.image.name, new Set(names.keys()));
    names.set(name, each.image.name);
    target[name] = targetOf(each, { attestations, abilities });
  }
  const group = { default: { targets: [...names.keys()] } };
  return { json: bakeJson({ group, target }), targets: Object.fromEntries(names) };
}

/** Bake takes letters, digits, `_` and `-`. */
function targetName(name: string, taken: ReadonlySet<string>): string {
  const plain = name.replaceAll(/[^a-zA-Z0-9_-]/g, '-');
  let free = plain;
  for (let count = 2; taken.has(free); count += 1) free = `${plain}-${count}`;
  return free;
}

function targetOf(
  each: BakeImage,
  {
    attestations,
    abilities,
  }: { readonly attestations: Attestations; readonly abilities: Abilities },
): Target {
  const { image, repository, tags, labels } = each;
  const attest = attestOf(attestations);
  const index = attest.length > 0 || image.platforms.length > 1;
  const levels = index ? ['manifest', 'index'] : ['manifest'];
  const annotations = levels.flatMap((level) =>
    Object.entries(labels).map(([name, value]) => `${level}:${name}=${value}`),
  );
  return {
    context: image.context,
    ...defined({ dockerfile: image.dockerfile, target: image.target }),
    ...(Object.keys(image.buildArgs).length > 0 ? { args: { ...image.buildArgs } } : {}),
    ...(image.platforms.length > 0 ? { platforms: image.platforms } : {}),
    tags: tags.map((tag) => `${repository}:${tag}`),
    labels,
    ...(abilities.full && annotations.length > 0 ? { annotations } : {}),
    ...(attest.length > 0 ? { attest } : {}),
    ...cacheOf(each, abilities),
    secret: Object.entries(image.secrets).map(([id]) => `id=${id},env=${secretVariable(id)}`),
    output: ['type=image,push=true'],
  };
}

/** The child's variable that holds a build secret: never one that means something to buildx. */
export function secretVariable(id: string): string {
  return `WEBGEN_SECRET_${id.replaceAll(/[^A-Za-z0-9]/g, (each) => `_${each.charCodeAt(0)}_`)}`;
}

function attestOf({ provenance, sbom }: Attestations): readonly string[] {
  return [
    ...(provenance ? [`type=provenance,mode=${provenance}`] : []),
    ...(sbom ? ['type=sbom'] : []),
  ];
}

/**
 * Each image has a scope of its own: in a shared one the last build alone would be left. A cache that
 * cannot be written never fails a build.
 */
function cacheOf(
  { image, cacheRepositories, repository }: BakeImage,
  abilities: Abilities,
): Target {
  const { cache } = image;
  if (cache === 'none') return { 'no-cache': true };
  if (!abilities.full) return {};
  if (cache === 'registry') {
    const ref = (from: string) => `type=registry,ref=${from}:buildcache`;
    const to = `${ref(repository)},mode=max,image-manifest=true,oci-mediatypes=true`;
    return { 'cache-from': cacheRepositories.map(ref), 'cache-to': [`${to},ignore-error=true`] };
  }
  if (!abilities.gha) return {};
  const scope = `type=gha,scope=${cacheScope(image)}`;
  return { 'cache-from': [scope], 'cache-to': [`${scope},mode=max,ignore-error=true`] };
}

function cacheScope({ name, target, platforms }: ImageBuild): string {
  const parts = [name, target ?? '', platforms.join('-')].filter((part) => part !== '');
  return parts.join('-').replaceAll(/[^A-Za-z0-9._-]/g, '-');
}

/** JSON whose texts bake takes as they are: it would fill `${…}` and `%{…}` in. */
export function bakeJson(value: unknown): string {
  const plain = (each: unknown) =>
    typeof each === 'string' ? each.replaceAll(/[$%]\{/g, (at) => `${at[0]}${at}`) : each;
  return `${JSON.stringify(value, (_, each) => plain(each), 2)}\n`;
}

interface TargetMetadata {
  readonly 'containerimage.digest'?: unknown;
}

/** Bake's metadata file: target → digest of what was pushed. Targets without one are left out. */
export function pushedDigests(text: string): Readonly<Record<string, string>> {
  const metadata = parsed(text);
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([target, held]) => {
      const digest = (held as TargetMetadata | null)?.['containerimage.digest'];
      return typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest)
        ? [[target, digest]]
        : [];
    }),
  );
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
