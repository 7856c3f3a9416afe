// The stack's manifests: every component on both overlays, and the action deploying them as the deployer.
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { provideAssets } from '../../support/cluster/assets.ts';
import { execOk } from '../../support/cluster/exec.ts';
import { until } from '../../support/cluster/until.ts';
import { openSite, type Run, type Site } from '../../support/site.ts';
import { baseDisks, bootstrap, disks } from '../../support/stack/bootstrap.ts';
import { operatorKinds } from '../../support/stack/crds.ts';
import {
  componentNames,
  copyStack,
  type Environment,
  NAMESPACES,
  type Stack,
} from '../../support/stack/manifests.ts';

let site: Site;
const stacks: Stack[] = [];
const ENVIRONMENTS = ['production', 'staging'] as const;
/** The legacy balancer replaces the other one, so it is deployed by itself. */
const together = async () => (await componentNames()).filter((name) => name !== 'legacy-alb');

async function stackWith(components: readonly string[]): Promise<Stack> {
  const stack = await copyStack(components);
  stacks.push(stack);
  return stack;
}

interface Deployer {
  readonly id: string;
  readonly access: Readonly<Record<string, string>>;
}
let deployer: Deployer;

beforeAll(async () => {
  site = await openSite();
  const { id, keyJson } = site.yandex.addServiceAccount();
  const oneLine = JSON.stringify(JSON.parse(keyJson));
  deployer = { id, access: { ...site.access, 'yc-sa-json-credentials': oneLine } };
  const stack = await stackWith([]);
  for (const environment of ENVIRONMENTS) {
    await bootstrap(site.cluster, stack, { environment, account: id });
    await disks(
      site.cluster,
      environment,
      baseDisks((claim) => `/simulated/${claim}`),
    );
  }
}, 900_000);

afterAll(async () => {
  for (const stack of stacks) await stack.remove();
  await site?.stop();
}, 60_000);

const SECRETS = `ai-creatives-secrets/POSTGRES_PASSWORD=a-password-of-tests
ai-creatives-secrets/REPLICATION_PASSWORD=another-password
ai-creatives-secrets/SECRET_KEY=signs-tokens-of-tests
backup-storage/ACCESS_KEY_ID=key-of-tests
backup-storage/SECRET_ACCESS_KEY=secret-of-tests`;

function deploy(stack: Stack, environment: Environment, more: Record<string, string> = {}) {
  return site.run(
    {
      ...deployer.access,
      environment,
      app: 'ai-creatives',
      namespace: NAMESPACES[environment],
      images: 'backend=registry.example/c/backend:1\nfrontend=registry.example/c/frontend:1',
      secrets: btoa(SECRETS),
      ...more,
    },
    { workspace: stack.folder },
  );
}

const GROUPS = ['monitoring.coreos.com', 'cert-manager.io', 'external-secrets.io'];

/** A definition that was applied is served a little later. */
async function areServed(groups: readonly string[]): Promise<boolean> {
  const answers = await Promise.all(
    groups.map((group) => site.cluster.api({ path: `/apis/${group}/v1` })),
  );
  return answers.every(({ status }) => status === 200);
}

/** What a failed run says, in the failure of the test. */
const outcome = ({ code, outputs, text }: Run) => ({
  code,
  status: outputs['status'],
  ...(code === 0 ? {} : { text }),
});

describe('the base', () => {
  test('takes over a Secret that was made from a terminal, as DEPLOYMENT.md says', async () => {
    const guide = await readFile(
      join(import.meta.dirname, '..', '..', '..', 'example', 'DEPLOYMENT.md'),
      'utf8',
    );
    const [script = ''] = /kubectl create secret generic[\s\S]*?--filename -\n/.exec(guide) ?? [];
    const stack = await stackWith([]);
    await writeFile(join(stack.folder, 'staging.env'), 'POSTGRES_PASSWORD=first\nSECRET_KEY=x\n');
    const { kubectl = 'kubectl' } = await provideAssets(['kubectl']);
    const env = {
      KUBECONFIG: site.cluster.kubeconfig,
      PATH: `${dirname(kubectl)}:${process.env['PATH']}`,
    };
    await execOk('bash', ['-euo', 'pipefail', '-c', script], { cwd: stack.folder, env });
    const run = await deploy(stack, 'staging');
    expect(outcome(run)).toEqual({ code: 0, status: 'deployed' });
    const path = `/api/v1/namespaces/${NAMESPACES.staging}/secrets/ai-creatives-secrets`;
    const { body } = await site.cluster.api({ path });
    expect(atob(body.data.POSTGRES_PASSWORD)).toBe('a-password-of-tests');
    const managers = body.metadata.managedFields.map((each: { manager: string }) => each.manager);
    expect([...new Set(managers)]).toEqual(['webgen-deploy/ai-creatives']);
  }, 240_000);

  test('is deployed to both environments by exactly the Role of the bootstrap', async () => {
    const stack = await stackWith([]);
    for (const environment of ENVIRONMENTS) {
      const run = await deploy(stack, environment);
      expect(outcome(run).code).toBe(0);
      const findings: { code: string; object: string }[] = JSON.parse(
        run.outputs['findings'] ?? '[]',
      );
      // Nobody plays the balancer here, nor brings its certificate.
      const others = findings.filter(({ object }) => object !== 'Ingress/ai-creatives');
      expect(others).toEqual([]);
    }
  }, 240_000);

  test('changes nothing when it is deployed again', async () => {
    const stack = await stackWith([]);
    const run = await deploy(stack, 'staging');
    expect(outcome(run)).toEqual({ code: 0, status: 'unchanged' });
  }, 120_000);

  test('sends customers back to the host of its Ingress', async () => {
    const stack = await stackWith([]);
    const text = await stack.render('overlays/staging');
    expect(text).toContain('PUBLIC_URL: https://staging.ai-creatives.example.com\n');
    await stack.edit('overlays/staging/host/ingress.yaml', 'staging.ai-creatives', 'www.shop');
    expect(await stack.render('overlays/staging')).toContain(
      'PUBLIC_URL: https://www.shop.example.com\n',
    );
  });

  test('never holds the template of the secrets', async () => {
    const stack = await stackWith([]);
    for (const environment of ENVIRONMENTS) {
      const text = await stack.render(`overlays/${environment}`);
      expect(text).not.toContain('kind: Secret\n');
      expect(text).not.toContain('replace-me');
    }
  });
});

describe('the components', () => {
  test('each build on both overlays, and say their own', async () => {
    const names = await componentNames();
    expect(names).toEqual([...Object.keys(OWN)].sort());
    for (const [name, own] of Object.entries(OWN)) {
      const stack = await stackWith([name]);
      for (const environment of ENVIRONMENTS) {
        expect(await stack.render(`overlays/${environment}`)).toMatch(own);
      }
    }
  }, 120_000);

  test('together, with their operators’ kinds, are deployed by the same Role', async () => {
    const kinds = await operatorKinds();
    if ('missing' in kinds) throw new Error(kinds.missing);
    await site.cluster.kubectl(['apply', '--server-side', '-f', '-'], kinds.yaml);
    await until({ what: 'the operators’ kinds' }, () => areServed(GROUPS));
    const stack = await stackWith(await together());
    for (const environment of ENVIRONMENTS) {
      const run = await deploy(stack, environment);
      expect(outcome(run)).toEqual({ code: 0, status: 'deployed' });
    }
    const { body } = await site.cluster.api({
      path: `/apis/cert-manager.io/v1/namespaces/${NAMESPACES.staging}/certificates/ai-creatives`,
    });
    expect(body.spec.dnsNames).toEqual(['staging.ai-creatives.example.com']);
  }, 240_000);

  test('the legacy balancer too', async () => {
    const stack = await stackWith(['legacy-alb']);
    const run = await deploy(stack, 'staging');
    expect(outcome(run)).toEqual({ code: 0, status: 'deployed' });
    const { body } = await site.cluster.api({
      path: `/apis/networking.k8s.io/v1/namespaces/${NAMESPACES.staging}/ingresses/ai-creatives`,
    });
    expect(body.spec.ingressClassName).toBe('yc-alb-ingress');
    const annotations = Object.keys(body.metadata.annotations).filter((key) =>
      /yc\.io|gwin/.test(key),
    );
    expect(annotations.every((key) => key.startsWith('ingress.alb.yc.io/'))).toBe(true);
  }, 120_000);
});

/** A text that nothing but the component brings. */
const OWN: Readonly<Record<string, RegExp>> = {
  'cert-manager': /kind: Certificate\n/,
  'legacy-alb': /ingress\.alb\.yc\.io\/group-name/,
  lockbox: /kind: ExternalSecret\n/,
  logging: /loki_rule: "1"/,
  monitoring: /kind: PrometheusRule\n/,
  'node-port': /type: NodePort\n/,
  'object-storage-backup': /rclone copy/,
  'postgres-replication': /name: postgres-replica\n/,
  redis: /REDIS_URL: redis/,
};
