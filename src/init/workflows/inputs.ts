// What callers of the reusable workflows may say, and what they get back. An input that the action has
// too is called as it is there.

export interface WorkflowInput {
  readonly description: string;
  /** Default: a string. */
  readonly type?: 'boolean';
  /** Default: empty. */
  readonly default?: string;
  readonly required?: true;
  /** It is asked for as well where a person starts the workflow by hand: with these words. */
  readonly byHand?: string;
}

export type WorkflowInputs = Readonly<Record<string, WorkflowInput>>;

/** Secrets and outputs: name → description, and description and value. */
export interface Contract {
  readonly inputs: WorkflowInputs;
  readonly secrets: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, readonly [description: string, value: string]>>;
}

const app: WorkflowInputs = {
  app: {
    description: "Name of the application; the repository's name where it is empty",
    byHand: 'Name of the application',
  },
};

const what: WorkflowInputs = {
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

const scanning: WorkflowInputs = {
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

const namespace = (description: string): WorkflowInputs => ({
  namespace: { description, byHand: description },
});

const prune: WorkflowInputs = {
  prune: {
    description: 'Remove what earlier releases made and this one no longer has',
    type: 'boolean',
    default: 'false',
  },
};

const waiting: WorkflowInputs = {
  timeout: { description: 'From the first write to the verdict', default: '10m' },
  patience: {
    description: 'How soon a doubt fails the run: `strict`, `normal` or `patient`',
    default: 'normal',
  },
};

const locking: WorkflowInputs = {
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

const registryId: WorkflowInputs = {
  'yc-registry-id': {
    description:
      'The registry; the variable `YC_REGISTRY_ID` of the environment, or the secret, where it is empty',
  },
};

const cloud: WorkflowInputs = {
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

const key = { YC_SA_JSON_CREDENTIALS: "The service account's authorized key, as JSON on one line" };
const registry = { YC_REGISTRY_ID: 'The registry; a variable of that name is enough' };
const cluster = {
  YC_K8S_CLUSTER_ID: 'The Managed Kubernetes cluster; a variable of that name is enough',
};

export const deployContract: Contract = {
  inputs: {
    environment: {
      description:
        'GitHub environment and overlay; a push to `main` or a tag means `production`, a push to `develop` `staging`',
      byHand: 'GitHub environment and overlay',
    },
    ...app,
    ...namespace('Namespace of objects that name none'),
    'create-namespace': {
      description: 'Create the namespace if it is missing',
      type: 'boolean',
      default: 'false',
    },
    ...what,
    build: {
      description:
        "Images to build, as the action's input `build`; nothing is built where it is empty",
    },
    registry: {
      description: 'Where images go; `registry.yandexcloud.net/<yc-registry-id>` where it is empty',
    },
    scan: {
      description: 'What a vulnerability in a built image does: `off`, `report` or `gate`',
      default: 'gate',
    },
    ...scanning,
    ...testing,
    ...waiting,
    'on-failure': {
      description: '`rollback` puts back what was there, `keep` does not',
      default: 'rollback',
    },
    ...prune,
    'prune-confirm': {
      description: 'Allow more than half of the release to be removed',
      type: 'boolean',
      default: 'false',
    },
    'allow-older': {
      description: "Deploy a commit that is older than the live release's",
      type: 'boolean',
      default: 'false',
      byHand: "Deploy a commit that is older than the live release's",
    },
    ...locking,
    'approval-environment': {
      description:
        'GitHub environment whose reviewers approve the deploy, after tests and build, in a job of its own; none where it is empty',
    },
    'build-environment': {
      description:
        "GitHub environment of the build, where the deploy's asks for approval or has custom rules; the deploy's where it is empty",
    },
    ...registryId,
    ...cloud,
  },
  secrets: {
    ...key,
    ...registry,
    ...cluster,
    APPLICATION_SECRETS:
      "Lines `SecretName/key=value` as base64, the action's input `secrets`; only for applications that need it",
  },
  outputs: {
    status: [
      '`deployed`, `unchanged`, `rolled-back`, `failed` or `cancelled`',
      'jobs.deploy.outputs.status',
    ],
    'error-code': [
      'The code of the first fatal finding, else empty',
      'jobs.deploy.outputs.error-code',
    ],
    environment: ['The environment', 'jobs.deploy.outputs.environment'],
    revision: ['Number of the release', 'jobs.deploy.outputs.revision'],
    'digest-lines': [
      'Lines `name=sha256:…` of the images that were built',
      'jobs.build.outputs.digest-lines',
    ],
    digests: [
      'The same as JSON; GitHub drops it where the key is stored on more than one line',
      'jobs.build.outputs.digests',
    ],
  },
};

export const checkContract: Contract = {
  inputs: {
    environment: {
      description:
        'Environment that is compared with; a pull request to `main` means `production`, to `develop` `staging`; others get no preview',
    },
    'check-environment': {
      description:
        'GitHub environment of the preview, with an account of its own that may only read',
      default: 'pr-check',
    },
    ...app,
    ...namespace('Namespace of objects that name none'),
    ...what,
    ...prune,
    scan: {
      description:
        'What scanners find in images that `images` names, and in the manifests: `off`, `report` or `gate`, which makes the check red',
      default: 'report',
    },
    ...scanning,
    comment: {
      description: 'Keep one comment on the pull request up to date',
      type: 'boolean',
      default: 'true',
    },
    ...testing,
    ...registryId,
    ...cloud,
  },
  secrets: { ...key, ...registry, ...cluster },
  outputs: {
    status: [
      '`succeeded` or `failed`; empty where there was no preview',
      'jobs.preview.outputs.status',
    ],
    changes: [
      "What a deploy would change, as the action's output `changes`",
      'jobs.preview.outputs.changes',
    ],
  },
};

export const rollbackContract: Contract = {
  inputs: {
    environment: {
      description: 'GitHub environment that is rolled back',
      required: true,
      byHand: 'GitHub environment that is rolled back',
    },
    'to-release': {
      description:
        'Number of the release; the newest good one older than the live one where it is empty',
      byHand: 'Number of the release; empty means the newest good one older than the live one',
    },
    ...app,
    ...namespace('Namespace of the application'),
    ...waiting,
    ...locking,
    ...cloud,
  },
  secrets: { ...key, ...cluster },
  outputs: {
    status: ['`deployed`, `unchanged`, `failed` or `cancelled`', 'jobs.rollback.outputs.status'],
    'error-code': [
      'The code of the first fatal finding, else empty',
      'jobs.rollback.outputs.error-code',
    ],
    revision: ['Number of the release that the rollback made', 'jobs.rollback.outputs.revision'],
  },
};

export const contracts = {
  deploy: deployContract,
  'pr-check': checkContract,
  rollback: rollbackContract,
} as const;

export type WorkflowName = keyof typeof contracts;
