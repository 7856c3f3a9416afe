// A `manifests/` to start from: what a service needs to be rolled without a gap, and no more.
import type { Answers, Service } from './answers.ts';

const kustomization = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n';

function probe({ path }: Service): string {
  if (path === undefined) return '            tcpSocket:\n              port: http';
  return `            httpGet:\n              path: ${path}\n              port: http`;
}

/** Runs under the Pod Security Standard `restricted`; the image has to name a user that is not root. */
function service(each: Service): string {
  const { name, port } = each;
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: 2
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      app.kubernetes.io/name: ${name}
  strategy:
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  template:
    metadata:
      labels:
        app.kubernetes.io/name: ${name}
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              app.kubernetes.io/name: ${name}
      containers:
        - name: ${name}
          # The run puts the image here that it has built, by its digest.
          image: ${name}
          ports:
            - name: http
              containerPort: ${port}
          readinessProbe:
${probe(each)}
            periodSeconds: 5
          lifecycle:
            preStop:
              # Until every node knows that the pod takes no more requests.
              sleep:
                seconds: 5
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              memory: 256Mi
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop: [ALL]
---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector:
    app.kubernetes.io/name: ${name}
  ports:
    - name: http
      port: ${port}
      targetPort: http
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: ${name}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      app.kubernetes.io/name: ${name}
`;
}

function base({ services }: Answers): string {
  return `${kustomization}resources:\n${services.map(({ name }) => `  - ${name}.yaml\n`).join('')}`;
}

function overlay(namespace: string, replicas: number, { services }: Answers): string {
  const counts = services.map(({ name }) => `  - name: ${name}\n    count: ${replicas}\n`);
  return `${kustomization}namespace: ${namespace}
resources:
  - ../../base
replicas:
${counts.join('')}`;
}

/** Deploying into a namespace needs fewer rights than making one. */
function namespaces(names: readonly string[]): string {
  const each = names.map(
    (name) => `apiVersion: v1
kind: Namespace
metadata:
  name: ${name}
  labels:
    pod-security.kubernetes.io/enforce: baseline
    pod-security.kubernetes.io/warn: restricted
`,
  );
  return `# Once, by an administrator: kubectl apply -f manifests/bootstrap\n${each.join('---\n')}`;
}

const namespacesOf = ({ namespace }: Answers) => [namespace, `${namespace}-staging`] as const;

/** Path → text. */
export function manifests(answers: Answers): Readonly<Record<string, string>> {
  const [production, staging] = namespacesOf(answers);
  const each = answers.services.map((one) => [`manifests/base/${one.name}.yaml`, service(one)]);
  return {
    'manifests/bootstrap/namespaces.yaml': namespaces([production, staging]),
    'manifests/base/kustomization.yaml': base(answers),
    ...Object.fromEntries(each),
    'manifests/overlays/production/kustomization.yaml': overlay(production, 2, answers),
    'manifests/overlays/staging/kustomization.yaml': overlay(staging, 1, answers),
  };
}
