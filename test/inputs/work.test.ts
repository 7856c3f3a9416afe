// What is deployed and where: what the event, the repository and the workspace say by themselves.
import { describe, expect, test } from '@jest/globals';
import type { RunContext } from '../../src/core/context.ts';
import type { RawInputs } from '../../src/inputs/raw.ts';
import { type ReadInputs, readInputs } from '../../src/inputs/read-inputs.ts';
import type { Inputs } from '../../src/inputs/types.ts';
import { run } from '../support/run.ts';

const facts = { overlays: ['production', 'staging'] };
const cluster = { 'yc-k8s-cluster-id': 'cat1', 'yc-iam-token': 't1.token' };

function read(raw: RawInputs, context: RunContext = run()): ReadInputs {
  return readInputs(raw, context, facts);
}

function accepted(raw: RawInputs, context: RunContext = run()): Inputs {
  const { inputs, findings } = read(raw, context);
  if (inputs === undefined) throw new Error(findings.map(({ what }) => what).join('\n'));
  return inputs;
}

const whats = ({ findings }: ReadInputs) => findings.map(({ what }) => what);

describe('the environment', () => {
  const given = { ...cluster, manifests: 'k8s' };
  const on = (event: string, ref: string, baseRef = '') => run({ event, ref, baseRef });
  test.each([
    ['deploy', on('push', 'refs/heads/main'), 'production'],
    ['deploy', on('push', 'refs/heads/develop'), 'staging'],
    ['diff', on('push', 'refs/heads/develop'), 'staging'],
    ['diff', on('pull_request', 'refs/pull/1/merge', 'main'), 'production'],
    ['diff', on('pull_request', 'refs/pull/1/merge', 'develop'), 'staging'],
  ] as const)('%s takes it from the event', (command, context, environment) => {
    expect(accepted({ ...given, command }, context).environment).toBe(environment);
  });
  test.each([
    ['deploy', on('push', 'refs/heads/feature')],
    ['deploy', on('push', 'refs/heads/x/main')],
    ['deploy', on('push', 'refs/tags/main')],
    ['deploy', on('push', 'refs/heads/constructor')],
    ['deploy', on('pull_request', 'refs/pull/1/merge', 'main')],
    ['deploy', on('pull_request', 'refs/heads/main', 'main')],
    ['deploy', on('workflow_dispatch', 'refs/heads/main')],
    ['deploy', on('schedule', 'refs/heads/main')],
    ['deploy', on('workflow_run', 'refs/heads/main')],
    ['diff', on('workflow_dispatch', 'refs/heads/main', 'main')],
    ['diff', on('pull_request', 'refs/pull/1/merge', 'feature')],
  ] as const)('%s must say it on %j', (command, context) => {
    expect(whats(read({ ...given, command }, context))).toEqual([
      expect.stringContaining('Input `environment` is missing'),
    ]);
    expect(accepted({ ...given, command, environment: 'qa' }, context).environment).toBe('qa');
  });
  test('status and setup do not need it', () => {
    const context = on('schedule', 'refs/heads/main');
    expect(accepted({ ...cluster, command: 'status' }, context).environment).toBe('');
    expect(accepted({ command: 'setup' }, context)).not.toHaveProperty('target');
  });
  test.each(['../production', 'Production', 'a b', '$(id)', 'production\nx'])(
    '%j is refused',
    (text) => {
      expect(whats(read({ ...given, environment: text }))).toEqual([
        expect.stringContaining('Input `environment` is'),
      ]);
    },
  );
});

describe('what to deploy', () => {
  const context = run({ event: 'workflow_dispatch' });
  test('the overlay of the environment, where it is', () => {
    const raw = { ...cluster, environment: 'staging' };
    expect(accepted(raw, context).manifests).toEqual(['manifests/overlays/staging']);
  });
  test('nothing at all says what to give, and which overlays there are', () => {
    const { findings } = read({ ...cluster, environment: 'prodution' }, context);
    expect(findings).toEqual([
      expect.objectContaining({
        what:
          'Input `manifests` is missing, and so is the folder manifests/overlays/prodution; ' +
          'did you mean `production`?',
        hint: expect.stringContaining('Overlays here: production, staging.'),
      }),
    ]);
  });
  test('images alone are enough', () => {
    const inputs = accepted({ ...cluster, environment: 'qa', images: 'web=web:2' }, context);
    expect(inputs.manifests).toEqual([]);
    expect({ ...inputs.images }).toEqual({ web: 'web:2' });
  });
  test('the application is named after the repository, or says its name', () => {
    expect(accepted(cluster, run({ repository: 'a/--Über_Shop--' })).app).toBe('ber-shop');
    expect(accepted(cluster, run({ repository: `a/${'x'.repeat(100)}` })).app).toBe('x'.repeat(63));
    expect(whats(read(cluster, run({ repository: 'acme/...' })))).toEqual([
      expect.stringContaining('Input `app` is missing'),
    ]);
    expect(whats(read({ ...cluster, app: 'My_App' }))).toEqual([
      'Input `app` is "My_App", not a DNS label.',
    ]);
  });
});
