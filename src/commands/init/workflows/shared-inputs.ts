// Inputs that several of the reusable workflows have.

export interface WorkflowInput {
  readonly description: string;
  /** Default: a string. */
  readonly type?: 'boolean';
  /** Default: empty. */
  readonly default?: string;
  readonly required?: true;
  /** It is also asked for where a person starts the workflow by hand: with this text. */
  readonly byHand?: string;
}

export type WorkflowInputs = Readonly<Record<string, WorkflowInput>>;

export const app: WorkflowInputs = {
  app: {
    description: "Name of the application; the repository's name where it is empty",
    byHand: 'Name of the application',
  },
};

export const what: WorkflowInputs = {
  manifests: {
    description: 'What to apply; `manifests/overlays/<environment>` where it is empty',
    byHand: 'What to apply; manifests/overlays/<environment> where it is empty',
  },
  images: {
    description: 'Lines `name=reference` of images that were built elsewhere',
    byHand: 'Lines name=reference of images that were built elsewhere',
  },
  variables: { description: 'Lines `NAME=value` that fill `${NAME}` in the manifests' },
};

export const scanning: WorkflowInputs = {
  'scan-severity': { description: 'Severities that count', default: 'CRITICAL,HIGH' },
  'scan-ignore-unfixed': {
    description: 'Leave out what has no fix yet',
    type: 'boolean',
    default: 'false',
  },
  'scan-baseline': {
    description: 'Count only what the live images do not have already',
    type: 'boolean',
    default: 'false',
  },
  'trivy-version': {
    description: "`auto`, an exact version, or `none` for the Trivy on the runner's PATH",
    default: 'auto',
  },
  'trivy-db-repository': {
    description:
      "Where Trivy's database comes from, one repository a line; its maker's and their mirror where it is empty",
  },
  'tool-mirror': {
    description:
      "Where tools come from instead of their makers, as the action's input `tool-mirror`",
  },
};

export const testing = {
  'backend-path': {
    description: 'Folder of the backend; its tests are left out where this is empty',
    default: 'backend',
  },
  'backend-test': {
    description: 'What tests the backend, as a bash script',
    default: `python -m pip install --disable-pip-version-check --requirement requirements.txt
python -m pytest
`,
  },
  'python-version': { description: "Python of the backend's tests", default: '3.13' },
  'frontend-path': {
    description: 'Folder of the frontend; its tests are left out where this is empty',
    default: 'frontend',
  },
  'frontend-test': {
    description: 'What tests the frontend, as a bash script',
    default: 'npm ci --no-audit --no-fund\nnpm test\n',
  },
  'node-version': { description: "Node.js of the frontend's tests", default: '24' },
} as const satisfies WorkflowInputs;

export const namespace = (description: string): WorkflowInputs => ({
  namespace: { description, byHand: description },
});

export const prune: WorkflowInputs = {
  prune: {
    description: 'Remove what earlier releases made and this one no longer has',
    type: 'boolean',
    default: 'false',
  },
};

export const waiting: WorkflowInputs = {
  timeout: { description: 'From the first write to the verdict', default: '10m' },
  patience: {
    description: 'How soon a suspected failure becomes fatal: `strict`, `normal` or `patient`',
    default: 'normal',
  },
};

export const locking: WorkflowInputs = {
  'take-over': {
    description: 'Add this repository to those that deploy the application',
    type: 'boolean',
    default: 'false',
  },
  lock: {
    description:
      'One deploy of the application at a time, by a Lease in the cluster; without it a concurrency group orders them, which a job that waits for approval holds as well',
    type: 'boolean',
    default: 'true',
    byHand: 'Use the lock in the cluster',
  },
  'lock-timeout': {
    description: 'How long to wait for another deploy of the application',
    default: '60m',
  },
  'environment-url': { description: 'Address of the deployed application' },
};

export const registryId: WorkflowInputs = {
  'yc-registry-id': {
    description:
      'The registry; the variable `YC_REGISTRY_ID` of the environment, or the secret, where it is empty',
  },
};

export const cloud: WorkflowInputs = {
  'yc-k8s-cluster-id': {
    description:
      'The cluster; the variable `YC_K8S_CLUSTER_ID` of the environment, or the secret, where it is empty',
  },
  'cluster-endpoint': {
    description: 'Which address of the cluster to use: `external` or `internal`',
    default: 'external',
  },
  'yc-sa-id': {
    description:
      "Keyless: the service account to become through GitHub's OIDC token, instead of the secret `YC_SA_JSON_CREDENTIALS`; the calling job grants `id-token: write`",
  },
  'yc-oidc-audience': { description: "Audience of that token; GitHub's own where it is empty" },
  'yc-api-endpoint': {
    description: "Yandex Cloud's API",
    default: 'https://api.cloud.yandex.net',
  },
  runner: {
    description:
      'Label of the runner, or JSON: a list of labels, or `{"group": …, "labels": …}`; your own where the cluster has no public address',
    default: 'ubuntu-24.04',
    byHand: 'Label of the runner, or JSON',
  },
};
