import { describe, expect, test } from '@jest/globals';
import type { ImageBuild } from '../../src/images/request.ts';
import { readInputs } from '../../src/inputs/read-inputs.ts';
import type { Inputs } from '../../src/inputs/types.ts';
import type { Phase } from '../../src/manifests/phases.ts';
import { makePlan, withPhases } from '../../src/run/plan.ts';
import { after, inOrder } from '../../src/run/plan-order.ts';
import type { Plan } from '../../src/run/state/step.ts';
import { describePlan } from '../../src/run/steps.ts';
import { run } from '../support/run.ts';

const whole: Plan['waves'] = [
  [{ do: 'dry-run' }],
  [{ do: 'apply' }],
  [{ do: 'await-rollout', timeoutMs: 600_000 }],
];

const names = (waves: Plan['waves']) =>
  waves.map((wave) =>
    wave.map((step) => ('phase' in step && step.phase ? `${step.do} ${step.phase}` : step.do)),
  );

describe('a plan with phases', () => {
  const phases: readonly Phase[] = ['preparation', 'base', 'pre-deploy', 'main'];

  test('applies and waits once for each; what is prepared is awaited with the main phase', () => {
    expect(names(withPhases(whole, phases))).toEqual([
      ['dry-run'],
      ['apply preparation'],
      ['apply base'],
      ['await-rollout base'],
      ['apply pre-deploy'],
      ['await-rollout pre-deploy'],
      ['apply main'],
      ['await-rollout main'],
    ]);
  });

  test('every wait has the limit of the whole', () => {
    const waits = withPhases(whole, phases).flat();
    expect(waits.filter((step) => step.do === 'await-rollout')).toHaveLength(3);
    expect(waits).toContainEqual({ do: 'await-rollout', timeoutMs: 600_000, phase: 'base' });
  });

  test('stays as it is without phases, without a wait, and once it is parted', () => {
    expect(withPhases(whole, [])).toBe(whole);
    const unawaited = whole.slice(0, 2);
    expect(withPhases(unawaited, phases)).toBe(unawaited);
    const parted = withPhases(whole, phases);
    expect(withPhases(parted, phases)).toBe(parted);
    expect(withPhases(parted.slice(2), phases)).toEqual(parted.slice(2));
  });
});

describe('the order of a plan', () => {
  const connect = { do: 'authenticate', target: { by: 'kubeconfig', path: 'k' } } as const;
  const load = { do: 'load-manifests', entries: [] } as const;

  test('has each step after those that give what it needs, or beside them', () => {
    const lock = { do: 'acquire-lock', timeoutMs: 0 } as const;
    const { waves } = inOrder([connect, lock, load], [{ do: 'dry-run' }]);
    expect(names(waves)).toEqual([['authenticate', 'acquire-lock', 'load-manifests'], ['dry-run']]);
  });

  test('does not compile where a step comes before what it needs', () => {
    // @ts-expect-error nothing has connected
    inOrder([load], [{ do: 'dry-run' }]);
    // @ts-expect-error the release to go back to is not chosen yet
    inOrder([connect], [{ do: 'dry-run' }], [{ do: 'choose-release' }]);
    const maybe: readonly (typeof connect)[] = [];
    // @ts-expect-error who may be left out gives nothing
    inOrder([maybe], [{ do: 'judge' }]);
    const either: typeof load | { readonly do: 'pin-images' } = load;
    // @ts-expect-error only one of the two gives objects
    inOrder([connect, either as typeof load | { readonly do: 'pin-images' }], [{ do: 'dry-run' }]);
    const connected = inOrder([connect]);
    // @ts-expect-error nothing has been written
    after(connected, [{ do: 'await-rollout', timeoutMs: 1 }]);
    expect(connected.waves).toEqual([[connect]]);
  });
});

const images: readonly ImageBuild[] = ['backend', 'frontend'].map((name) => ({
  name,
  context: name,
  buildArgs: {},
  platforms: [],
  secrets: {},
  cache: 'auto',
}));

function inputsOf(parts: Partial<Inputs>): Inputs {
  const raw = { 'yc-k8s-cluster-id': 'cat1', 'yc-iam-token': 't1.token' };
  const { inputs } = readInputs(raw, run(), { overlays: ['production'] });
  if (!inputs) throw new Error('wrong inputs');
  return { ...inputs, build: { images, sbom: false }, ...parts };
}

const planOf = (parts: Partial<Inputs>): Plan => makePlan(inputsOf(parts));

describe('a plan that builds', () => {
  test('builds while the credentials are fetched and the manifests are read', () => {
    expect(names(planOf({}).waves)).toEqual([
      ['authenticate', 'load-manifests', 'build-images'],
      ['pin-images', 'acquire-lock'],
      ['dry-run', 'preflight', 'read-releases'],
      ['apply'],
      ['await-rollout'],
    ]);
    expect(describePlan(planOf({}))[2]).toBe('1. build backend, frontend and push by digest');
  });

  test('without manifests finds the workloads of what it built', () => {
    const plan = planOf({ manifests: [], images: { proxy: 'nginx:1.29' } });
    expect(names(plan.waves).slice(0, 3)).toEqual([
      ['authenticate', 'build-images'],
      ['acquire-lock'],
      ['find-workloads', 'read-releases'],
    ]);
    // An older commit may name what is gone: whether it is older is known beside that.
    expect(names(plan.waves)[3]).toEqual(['dry-run', 'preflight']);
    expect(plan.waves[2]?.[0]).toEqual({
      do: 'find-workloads',
      images: ['proxy', 'backend', 'frontend'],
    });
  });

  test('alone only builds; diff builds nothing', () => {
    expect(names(planOf({ command: 'build' }).waves)).toEqual([['build-images']]);
    expect(names(planOf({ command: 'diff' }).waves).flat()).not.toContain('build-images');
  });
});

describe('the tools of a plan', () => {
  const none = { kubectlVersion: 'none', ycVersion: 'none', trivyVersion: 'auto' };
  const toolsOf = (parts: Partial<Inputs>) =>
    describePlan(planOf({ ...none, ...parts })).filter((line) => line.includes('for later steps'));

  test('setup hands on every one that is asked for by version', () => {
    expect(toolsOf({ command: 'setup' })).toEqual([]);
    expect(toolsOf({ command: 'setup', trivyVersion: '0.74.0' })).toEqual([
      expect.stringMatching(/install trivy for later steps$/),
    ]);
    const all = { kubectlVersion: 'auto', ycVersion: 'auto', trivyVersion: '0.74.0' };
    expect(toolsOf({ command: 'setup', ...all })[0]).toMatch(/install kubectl, yc and trivy for/);
  });

  test('every other command hands on kubectl and yc by version; a scan brings its own Trivy', () => {
    expect(toolsOf({ kubectlVersion: 'auto', ycVersion: 'auto' })).toEqual([]);
    const all = { kubectlVersion: '1.34', ycVersion: '1.25.0', trivyVersion: '0.74.0' };
    expect(toolsOf(all)[0]).toMatch(/install kubectl and yc for later steps$/);
  });
});

describe('the lock', () => {
  test('is waited for while manifests are read, before the dry run', () => {
    const { build: _, ...plain } = inputsOf({});
    expect(names(makePlan(plain).waves).slice(0, 2)).toEqual([
      ['authenticate', 'acquire-lock', 'load-manifests'],
      ['dry-run', 'preflight', 'read-releases'],
    ]);
  });

  test('is taken after a build, which nobody else shall wait for', () => {
    const lines = describePlan(planOf({}));
    expect(lines[4]).toBe('2. acquire the lock, waiting at most 15 min');
  });

  test('may be left out, and is nobody’s who only looks', () => {
    for (const parts of [{ lock: false }, { command: 'diff' }, { command: 'status' }] as const) {
      expect(names(planOf(parts).waves).flat()).not.toContain('acquire-lock');
    }
  });
});

describe('a plan that scans', () => {
  test('prepares the scanner while images are built, and scans beside the dry run', () => {
    const plan = planOf({ scan: 'gate' });
    expect(names(plan.waves)).toEqual([
      ['authenticate', 'prepare-scanner', 'load-manifests', 'build-images'],
      ['pin-images', 'acquire-lock'],
      ['dry-run', 'preflight', 'scan', 'read-releases'],
      ['apply'],
      ['await-rollout'],
    ]);
    expect(describePlan(plan).at(7)).toBe(
      '3. scan images, manifests and Dockerfiles: nothing is written before every scan has passed',
    );
  });

  test('is distinguished where it only reports, and where it compares', () => {
    const plan = planOf({ scan: 'report', scanBaseline: true });
    expect(describePlan(plan).at(7)).toBe(
      '3. scan images, manifests and Dockerfiles, compared with what runs now: the report waits for it, the apply does not',
    );
  });

  test('and so does a preview, which writes nothing', () => {
    const plan = planOf({ command: 'diff', scan: 'gate', prune: true });
    expect(names(plan.waves)).toEqual([
      ['authenticate', 'prepare-scanner', 'load-manifests'],
      ['dry-run', 'preflight', 'scan', 'read-releases'],
      ['plan-prune'],
    ]);
  });

  test('after a build alone, and as a command, touches no cluster', () => {
    expect(names(planOf({ command: 'build', scan: 'gate' }).waves)).toEqual([
      ['prepare-scanner', 'build-images'],
      ['scan'],
    ]);
    expect(names(planOf({ command: 'scan', scan: 'report' }).waves)).toEqual([
      ['authenticate', 'prepare-scanner', 'load-manifests', 'build-images'],
      ['pin-images'],
      ['scan'],
    ]);
    expect(names(planOf({ command: 'scan', scan: 'report', manifests: [] }).waves)).toEqual([
      ['authenticate', 'prepare-scanner', 'build-images'],
      ['scan'],
    ]);
  });
});
