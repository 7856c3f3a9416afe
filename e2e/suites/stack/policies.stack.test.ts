// Exactly the allowed connections: every pair of ends and every port, asked of an evaluator of policies.
// No policy engine runs on the test node, so the policies are evaluated (cyclonus), not enforced.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { execOk } from '../../support/cluster/exec.ts';
import { componentNames, copyStack, NAMESPACES } from '../../support/stack/manifests.ts';
import { provideTool } from '../../support/tools/tools.ts';

interface KubeObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
}

/** One end of a connection: a pod with its namespace, or an address outside. */
interface End {
  readonly name: string;
  readonly ip: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const NAMESPACE = NAMESPACES.production;
const PORTS = [
  'TCP 5432',
  'TCP 8000',
  'TCP 3000',
  'TCP 6379',
  'TCP 443',
  'TCP 22',
  'TCP 53',
  'UDP 53',
];
const OUTSIDE: readonly End[] = [
  { name: 'balancer', ip: '10.128.0.17' },
  { name: 'internet', ip: '203.0.113.9' },
  { name: 'private', ip: '10.77.0.5' },
];
const ELSEWHERE: readonly End[] = [
  pod('dns', 'kube-system', { 'k8s-app': 'kube-dns' }, 1),
  pod('prometheus', 'monitoring', { 'app.kubernetes.io/name': 'prometheus' }, 2),
  pod('grafana', 'monitoring', { 'app.kubernetes.io/name': 'grafana' }, 3),
  // A neighbour that calls itself a client of Postgres.
  pod(
    'neighbour',
    'other',
    { 'ai-creatives/postgres-client': 'true', 'app.kubernetes.io/name': 'frontend' },
    4,
  ),
];

function pod(name: string, namespace: string, labels: Record<string, string>, number: number): End {
  return { name, namespace, labels, ip: `10.112.0.${number}` };
}

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webgen-policies-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('network policies', () => {
  test('of the base', async () => {
    expect(await allowed([])).toEqual([...BASE, ...dns(WORKLOADS)].sort());
  }, 600_000);

  test('with every component', async () => {
    const components = (await componentNames()).filter((name) => name !== 'legacy-alb');
    const more = ['postgres-replica', 'redis'];
    const expected = [...BASE, ...WITH_COMPONENTS, ...dns([...WORKLOADS, ...more])];
    expect(await allowed(components)).toEqual(expected.sort());
  }, 600_000);
});

const WORKLOADS = [
  'backend',
  'frontend',
  'migrate',
  'postgres',
  'postgres-backup',
  'postgres-restore',
  'stranger',
];
const dns = (names: readonly string[]) =>
  names.flatMap((name) => [`${name} → dns TCP 53`, `${name} → dns UDP 53`]);
const BASE = [
  'backend → postgres TCP 5432',
  'migrate → postgres TCP 5432',
  'postgres-backup → postgres TCP 5432',
  'postgres-restore → postgres TCP 5432',
  'frontend → backend TCP 8000',
  'balancer → backend TCP 8000',
  'balancer → frontend TCP 3000',
  'backend → internet TCP 443',
];
const WITH_COMPONENTS = [
  'prometheus → backend TCP 8000',
  'prometheus → frontend TCP 3000',
  'backend → redis TCP 6379',
  'backend → postgres-replica TCP 5432',
  'postgres-replica → postgres TCP 5432',
  'postgres-backup → internet TCP 443',
];

/** `source → destination PROTOCOL PORT` of all that is let through, sorted. */
async function allowed(components: readonly string[]): Promise<readonly string[]> {
  const stack = await copyStack(components);
  const texts = [await stack.render('overlays/production'), await stack.render('jobs/restore')];
  await stack.remove();
  const objects = texts.flatMap((text) =>
    parseAllDocuments(text).map((each) => each.toJS() as KubeObject),
  );
  const policies = join(folder, `policies-${components.length}`);
  await mkdir(policies);
  for (const policy of objects.filter(({ kind }) => kind === 'NetworkPolicy')) {
    await writeFile(join(policies, `${policy.metadata.name}.yaml`), JSON.stringify(policy));
  }
  const questions = questionsAbout(podsOf(objects));
  const file = join(folder, `traffic-${components.length}.json`);
  await writeFile(file, JSON.stringify(questions.map(({ traffic }) => traffic)));
  const answers = await ask(policies, file);
  expect(answers.length).toBe(questions.length);
  return questions
    .filter((_, index) => answers[index])
    .map(({ name }) => name)
    .sort();
}

/** The pods that the objects' own templates make, and a stranger in the same namespace. */
function podsOf(objects: readonly KubeObject[]): readonly End[] {
  const labels = objects.flatMap((object) => templateLabels(object));
  const names = [...new Map(labels.map((each) => [each['app.kubernetes.io/name'], each])).values()];
  const pods = names.map((each, index) =>
    pod(`${each['app.kubernetes.io/name']}`, NAMESPACE, each, 20 + index),
  );
  return [...pods, pod('stranger', NAMESPACE, {}, 10)];
}

type Template = { metadata: { labels: Record<string, string> } };

function templateLabels({ spec }: KubeObject): readonly Record<string, string>[] {
  const { template, jobTemplate } = (spec ?? {}) as {
    template?: Template;
    jobTemplate?: { spec: { template: Template } };
  };
  const found = template ?? jobTemplate?.spec.template;
  return found?.metadata?.labels ? [found.metadata.labels] : [];
}

/** Every pair with at least one end in the namespace, on every port. */
function questionsAbout(pods: readonly End[]) {
  const ends = [...pods, ...ELSEWHERE, ...OUTSIDE];
  const isOurs = ({ namespace }: End) => namespace === NAMESPACE;
  const pairs = ends.flatMap((from) => ends.map((to) => ({ from, to })));
  const asked = pairs.filter(({ from, to }) => from !== to && (isOurs(from) || isOurs(to)));
  return asked.flatMap(({ from, to }) =>
    PORTS.map((each) => {
      const [Protocol = '', port] = each.split(' ');
      const traffic = {
        Source: side(from),
        Destination: side(to),
        Protocol,
        ResolvedPort: Number(port),
      };
      return { name: `${from.name} → ${to.name} ${each}`, traffic };
    }),
  );
}

function side({ ip, namespace, labels }: End) {
  if (namespace === undefined) return { IP: ip };
  const NamespaceLabels = { 'kubernetes.io/metadata.name': namespace };
  return { IP: ip, Internal: { Namespace: namespace, NamespaceLabels, PodLabels: labels } };
}

async function ask(policies: string, traffic: string): Promise<readonly boolean[]> {
  const tool = await provideTool('cyclonus');
  if ('missing' in tool) throw new Error(tool.missing);
  const args = ['analyze', '--mode', 'query-traffic', '--policy-path', policies];
  const text = await execOk(tool.path, [...args, '--traffic-path', traffic]);
  return [...text.matchAll(/IS ALLOWED\? \|\s+(TRUE|FALSE)/g)].map(([, said]) => said === 'TRUE');
}
