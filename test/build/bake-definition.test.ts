// The definition that bake carries out: everything an image needs, and nothing that bake would fill in.
import { describe, expect, test } from '@jest/globals';
import {
  type Abilities,
  type BakeImage,
  bakeDefinition,
  pushedDigests,
  secretVariable,
} from '../../src/build/bake-definition.ts';
import type { ImageBuild } from '../../src/images/request.ts';

const full: Abilities = { full: true, gha: true };
const sha256 = `sha256:${'a'.repeat(64)}`;

function planned(parts: Partial<ImageBuild> = {}, rest: Partial<BakeImage> = {}): BakeImage {
  const image: ImageBuild = {
    name: 'backend',
    context: 'backend',
    buildArgs: {},
    platforms: [],
    secrets: {},
    cache: 'auto',
    ...parts,
  };
  const repository = `r.example/shop/${image.name}`;
  return {
    image,
    repository,
    tags: ['1f3c', 'main'],
    labels: { 'org.opencontainers.image.revision': '1f3c' },
    cacheRepositories: [repository],
    ...rest,
  };
}

function definition(
  plans: readonly BakeImage[],
  abilities = full,
  attestations: { provenance?: 'min' | 'max'; sbom: boolean } = { sbom: false },
) {
  const made = bakeDefinition(plans, { attestations, abilities });
  return { ...made, parsed: JSON.parse(made.json) };
}

describe('a definition', () => {
  test('has a target for each image, and all of them in the default group', () => {
    const { parsed, targets } = definition([planned(), planned({ name: 'team/front.end' })]);
    expect(targets).toEqual({ backend: 'backend', 'team-front-end': 'team/front.end' });
    expect(parsed.group.default.targets).toEqual(['backend', 'team-front-end']);
    expect(parsed.target.backend).toEqual({
      context: 'backend',
      tags: ['r.example/shop/backend:1f3c', 'r.example/shop/backend:main'],
      labels: { 'org.opencontainers.image.revision': '1f3c' },
      annotations: ['manifest:org.opencontainers.image.revision=1f3c'],
      'cache-from': ['type=gha,scope=backend'],
      'cache-to': ['type=gha,scope=backend,mode=max,ignore-error=true'],
      secret: [],
      output: ['type=image,push=true'],
    });
  });

  test('keeps apart two names that bake cannot tell apart', () => {
    const { targets } = definition([planned({ name: 'a.b' }), planned({ name: 'a/b' })]);
    expect(targets).toEqual({ 'a-b': 'a.b', 'a-b-2': 'a/b' });
  });

  test('writes what bake would fill in as it stands', () => {
    const { parsed } = definition([planned({ buildArgs: { A: '${HOME} %{if x} $5' } })]);
    expect(parsed.target.backend.args).toEqual({ A: '$${HOME} %%{if x} $5' });
  });

  test('names build secrets by variable, never their value', () => {
    const { parsed } = definition([planned({ secrets: { npmrc: 'NPM_TOKEN' } })]);
    expect(parsed.target.backend.secret).toEqual(['id=npmrc,env=WEBGEN_SECRET_npmrc']);
    expect(secretVariable('a.b')).not.toBe(secretVariable('a-b'));
  });

  test('annotates the index only where there is one', () => {
    const many = definition([planned({ platforms: ['linux/amd64', 'linux/arm64'] })]);
    expect(many.parsed.target.backend.annotations).toHaveLength(2);
    const attested = definition([planned()], full, { provenance: 'max', sbom: true });
    expect(attested.parsed.target.backend.attest).toEqual([
      'type=provenance,mode=max',
      'type=sbom',
    ]);
    expect(attested.parsed.target.backend.annotations).toHaveLength(2);
  });

  test('caches in the registry: reads all repositories, writes its own, never fails by it', () => {
    const plan = planned({ cache: 'registry' }, { cacheRepositories: ['r/pr/x', 'r/x'] });
    const { parsed } = definition([plan]);
    expect(parsed.target.backend['cache-from']).toEqual([
      'type=registry,ref=r/pr/x:buildcache',
      'type=registry,ref=r/x:buildcache',
    ]);
    expect(parsed.target.backend['cache-to'][0]).toMatch(/^type=registry,.*ignore-error=true$/);
  });

  test('leaves out what the builder or the place does not have', () => {
    const { target } = definition([planned()], { full: false, gha: true }).parsed;
    expect(target.backend).not.toHaveProperty('cache-to');
    expect(target.backend).not.toHaveProperty('annotations');
    const elsewhere = definition([planned()], { full: true, gha: false }).parsed;
    expect(elsewhere.target.backend).not.toHaveProperty('cache-to');
    expect(definition([planned({ cache: 'none' })]).parsed.target.backend['no-cache']).toBe(true);
  });

  test('gives an image, a target and a platform a cache scope of their own', () => {
    const plan = planned({ name: 'team/api', target: 'prod', platforms: ['linux/arm64'] });
    const { parsed } = definition([plan]);
    expect(parsed.target['team-api']['cache-from']).toEqual([
      'type=gha,scope=team-api-prod-linux-arm64',
    ]);
  });
});

describe('the metadata file', () => {
  test('gives the digest of each target that has one', () => {
    const held = { 'containerimage.digest': sha256, 'image.name': 'r/x:1' };
    const text = JSON.stringify({ a: held, b: null, c: { 'containerimage.digest': 'no' } });
    expect(pushedDigests(text)).toEqual({ a: sha256 });
  });

  test.each(['null', '', 'no json', '[]'])('%j gives none', (text) => {
    expect(pushedDigests(text)).toEqual({});
  });
});
