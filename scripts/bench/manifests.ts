// What the bench deploys: an application's objects, many plain Deployments, one that cannot start.
import { stringify } from 'yaml';

const labels = (name: string) => ({ 'app.kubernetes.io/name': name });

function documents(objects: readonly unknown[]): string {
  return objects.map((each) => stringify(each)).join('---\n');
}

interface DeploymentOptions {
  readonly replicas?: number;
  readonly container?: unknown;
  /** Of the pods. */
  readonly annotations?: Readonly<Record<string, string>>;
}

function deployment(name: string, options: DeploymentOptions = {}): unknown {
  const { replicas = 1, container, annotations = {} } = options;
  const plain = { name: 'app', image: `registry.example/${name}:1` };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: labels(name) },
    spec: {
      replicas,
      selector: { matchLabels: labels(name) },
      template: {
        metadata: { labels: labels(name), annotations },
        spec: { containers: [container ?? plain] },
      },
    },
  };
}

/** 200 objects as an application has them: configuration, Services, Deployments. */
export function application(): string {
  const objects = Array.from({ length: 50 }, (_, index) => {
    const name = `service-${index}`;
    const container = {
      name: 'app',
      image: `registry.example/${name}:1`,
      ports: [{ containerPort: 8080 }],
      envFrom: [{ configMapRef: { name } }, { secretRef: { name } }],
      readinessProbe: { httpGet: { path: '/health', port: 8080 } },
      resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
    };
    const metadata = { name, labels: labels(name) };
    return [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { LEVEL: 'info', INDEX: `${index}` } },
      { apiVersion: 'v1', kind: 'Secret', metadata, data: { TOKEN: 'bm90IGEgc2VjcmV0' } },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { selector: labels(name), ports: [{ port: 80, targetPort: 8080 }] },
      },
      deployment(name, { container }),
    ];
  });
  return documents(objects.flat());
}

/** So many Deployments and nothing else. */
export function deployments(count: number, replicas: number): string {
  return documents(
    Array.from({ length: count }, (_, index) => deployment(`web-${index}`, { replicas })),
  );
}

/** One Deployment whose simulated pods say at once that they were restarted three times. */
export function crashing(): string {
  return documents([deployment('web-0', { annotations: { 'simulate/pod': 'crash-loop' } })]);
}

/** Allows no pod at all: every Deployment beside it is refused its pods. */
export const noPods = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'none' },
  spec: { hard: { pods: '0' } },
};
