// Every output that one job of a workflow hands to another, held against the runner's masks, with the
// key in each form in which people store it.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { schedule } from '../../../e2e/support/runner/rules/schedule.ts';
import { type Rules, without } from '../../../e2e/support/runner/rules/table.ts';
import type { Event, World } from '../../../e2e/support/runner/rules/world.ts';
import {
  callersBefore,
  files,
  formsNow,
  hubBefore,
  hubNow,
  worldOf,
} from '../../../e2e/support/runner/rules/worlds.ts';
import { reveal } from '../../../src/core/secret.ts';
import { secretsToMask } from '../../../src/inputs/mask.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const account = {
  ...{ id: 'ajekey00000000000001', service_account_id: 'aje00000000000000001' },
  ...{ created_at: '2026-11-30T10:00:00Z', key_algorithm: 'RSA_2048', public_key: 'x' },
  private_key: `PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <ajekey00000000000001>\n${privateKey}`,
};

/** The key, and the Secrets' values, as people store them. */
const stored = {
  'as yc writes it': `${JSON.stringify(account, null, 3)}\n`,
  'on one line': JSON.stringify(account),
  'as base64': Buffer.from(JSON.stringify(account, null, 3)).toString('base64'),
} as const;
type Stored = keyof typeof stored;

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
/** By the output's name, what the action says. */
const samples: Readonly<Record<string, string>> = {
  status: 'rolled-back',
  'error-code': 'rollout-failed',
  environment: 'production',
  revision: '12',
  digests: JSON.stringify({ backend: digest('1'), frontend: digest('e') }),
  'digest-lines': `backend=${digest('1')}\nfrontend=${digest('e')}`,
  changes: JSON.stringify([{ object: 'Deployment shop/backend', action: 'change' }]),
  namespace: 'shop',
};

const main = 'refs/heads/main';
const events: Readonly<Record<string, Event>> = {
  deploy: { name: 'push', ref: main },
  'pr-check': { name: 'pull_request', ref: 'refs/pull/7/merge', baseRef: 'main' },
  rollback: {
    name: 'workflow_dispatch',
    ref: main,
    inputs: { environment: 'production', 'to-release': '' },
  },
};

interface Handed {
  /** `A/deploy/build.digests`: what the runner drops. */
  readonly dropped: readonly string[];
  /** What a job reads of another. */
  readonly read: readonly string[];
  readonly results: readonly string[];
}

/** `needs.build.outputs.digests` in the texts of the jobs below `path`. */
function readIn(text: string, path: string): readonly string[] {
  const jobs = Object.values(parse(text).jobs).map((job) => JSON.stringify(job));
  const found = jobs.flatMap((job) => [...job.matchAll(/needs\.([\w-]+)\.outputs\.([\w-]+)/g)]);
  return found.map(([, job, name]) => `${path}/${job}.${name}`);
}

function said(text: string, path: string): (readonly [string, Readonly<Record<string, string>>])[] {
  return Object.entries<{ outputs?: Record<string, string> }>(parse(text).jobs).map(([id, job]) => {
    const steps = Object.values(job.outputs ?? {}).flatMap((output) => [
      ...output.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g),
    ]);
    const outputs = steps.map(([, step, name = '']) => {
      if (samples[name] === undefined) throw new Error(`no sample of the output ${name}`);
      return [`${step}.${name}`, samples[name]];
    });
    return [`${path}/${id}`, Object.fromEntries(outputs)];
  });
}

function handed(world: World, workflow: string, key: Stored, rules?: Rules): Handed {
  const text = world.own[workflow] ?? '';
  const calls = Object.entries<{ uses?: string }>(parse(text).jobs).flatMap(([id, { uses }]) =>
    uses && world.called[uses] ? [[`A/${id}`, world.called[uses]] as const] : [],
  );
  const texts = [['A', text] as const, ...calls];
  const secrets = {
    YC_SA_JSON_CREDENTIALS: stored[key],
    YC_K8S_CLUSTER_ID: 'cat00000000000000001',
    YC_REGISTRY_ID: 'crp00000000000000001',
    APPLICATION_SECRETS: Buffer.from('shop-secrets/TOKEN<<END\ntwo\n1\nEND\n').toString('base64'),
  };
  const place = { secrets };
  const environments = { production: place, staging: place, 'pr-check': place };
  const there = { ...world, repository: { ...world.repository, environments } };
  const event = events[workflow];
  if (!event) throw new Error(`no event for ${workflow}`);
  const masked = secretsToMask({ 'yc-sa-json-credentials': stored[key] }).map(reveal);
  const { log, states } = schedule(there, [{ run: 'A', workflow, event }], {
    steps: Object.fromEntries(texts.flatMap(([path, each]) => said(each, path))),
    added: masked,
    ...(rules ? { rules } : {}),
  });
  return {
    dropped: droppedIn(log),
    read: texts.flatMap(([path, each]) => readIn(each, path)),
    results: Object.values(states),
  };
}

const droppedIn = (log: readonly string[]) =>
  log.flatMap((line) => {
    const [, path, name] = /^(\S+): Skip output '(.+)' since/.exec(line) ?? [];
    return path ? [`${path}.${name}`] : [];
  });

const keys = Object.keys(stored) as readonly Stored[];

describe('what the workflows before handed on', () => {
  const before = worldOf(callersBefore(), hubBefore(), { owner: 'org' });

  test('is lost with a key as yc writes it, and the deploy reads it', () => {
    const { dropped, read } = handed(before, 'deploy', 'as yc writes it');
    expect(dropped).toEqual(['A/deploy/build.digests']);
    expect(read).toContain('A/deploy/build.digests');
  });

  test.each([
    ['a key on one line', 'on one line', undefined],
    ['masks of whole secrets alone', 'as yc writes it', without('mask-lines')],
    ['a runner that drops nothing', 'as yc writes it', without('output-dropped')],
  ] as const)('arrives with %s', (_, key, rules) => {
    expect(handed(before, 'deploy', key, rules).dropped).toEqual([]);
  });
});

describe('what the workflows hand on now', () => {
  const worlds = (['ordinary', 'reusable'] as const).flatMap((form) =>
    files.flatMap((workflow) => keys.map((key) => ({ form, workflow, key }))),
  );

  test.each(worlds)('$form, $workflow, a key $key: all that a job reads arrives', (each) => {
    const { form, workflow, key } = each;
    const world = worldOf(formsNow()[form], hubNow(), { owner: 'org' });
    const { dropped, read, results } = handed(world, workflow, key);
    expect(read.filter((output) => dropped.includes(output))).toEqual([]);
    expect(results).not.toContain('failure');
    if (workflow === 'deploy')
      expect(read).toEqual([expect.stringMatching(/build\.digest-lines$/)]);
  });

  test('what is lost with a key as yc writes it is JSON, for callers alone', () => {
    const world = worldOf(formsNow().reusable, hubNow(), { owner: 'org' });
    const lost = files.flatMap((workflow) => handed(world, workflow, 'as yc writes it').dropped);
    expect(lost.map((output) => output.split('.').at(-1))).toEqual(['digests', 'changes']);
  });
});
