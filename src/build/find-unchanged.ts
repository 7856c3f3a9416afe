// Finds images with unchanged inputs in the registry, so that they are not built again.

import type { Code } from '../core/codes.ts';
import { ActionError } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { BuiltImage } from '../images/built.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { BakeImage } from './bake-definition.ts';
import { type ContentSettings, contentTag } from './content-tag.ts';

export interface Lookup extends ContentSettings {
  readonly client: RegistryClient;
  readonly log: Log;
}

export interface LookedUp {
  readonly plan: BakeImage;
  /** Present if the inputs can be known. */
  readonly tag?: string;
  readonly found?: BuiltImage;
}

/** Looks in `cacheRepositories` only. Throws ActionError if the registry is not usable. */
export async function findUnchanged(plan: BakeImage, lookup: Lookup): Promise<LookedUp> {
  const { image } = plan;
  const { client, log } = lookup;
  if (image.cache === 'none') return { plan };
  const content = await contentTag(image, lookup);
  if ('unknown' in content) {
    log.info(`${image.name}: built in any case, since ${content.unknown}`);
    return { plan };
  }
  for (const note of content.notes) log.info(`${image.name}: ${note}`);
  const { tag } = content;
  for (const repository of plan.cacheRepositories) {
    const manifest = await client.find(repository, tag).catch(refusedLookup);
    if (!manifest) continue;
    const { digest } = manifest;
    const reference = `${repository}@${digest}`;
    const { platforms } = image;
    // A pull request may only read production's repositories.
    const tags = repository === plan.repository ? [...plan.tags, tag] : [];
    const found = { name: image.name, repository, digest, reference, tags, platforms, found: true };
    return { plan, tag, found };
  }
  return { plan, tag };
}

const refusals: readonly Code[] = ['registry-denied', 'registry-unauthenticated'];

/** Some registries answer "denied" for a missing image. Push permission is checked separately, before. */
function refusedLookup(error: unknown): undefined {
  if (error instanceof ActionError && refusals.includes(error.findings[0].code)) return undefined;
  throw error;
}

/** Adds this run's tags to an image that was found. If the registry refuses, the tags stay as they are. */
export async function tagFound(image: BuiltImage, { client, log }: Lookup): Promise<void> {
  const { name, repository, digest, tags } = image;
  log.info(`${name}: not built, nothing has changed; ${repository}@${digest} is used`);
  const missing = await Promise.all(
    tags.map(async (tag) => {
      const there = await client.find(repository, tag).catch(() => undefined);
      return there?.digest === digest ? [] : [tag];
    }),
  );
  await client.tag(repository, digest, missing.flat()).catch((error: Error) => {
    log.info(`${name}: it could not be tagged ${missing.flat().join(', ')}: ${error.message}`);
  });
}
