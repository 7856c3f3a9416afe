// The inputs and outputs of the reusable workflows. An input that the action also has keeps its
// name.

import {
  app,
  cloud,
  locking,
  namespace,
  prune,
  registryId,
  scanning,
  testing,
  type WorkflowInputs,
  waiting,
  what,
} from './shared-inputs.ts';

/** Secrets and outputs: name → description, and description and value. */
export interface Contract {
  readonly inputs: WorkflowInputs;
  readonly secrets: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, readonly [description: string, value: string]>>;
}

const key = { YC_SA_JSON_CREDENTIALS: "The service account's authorized key, as JSON on one line" };
const registry = { YC_REGISTRY_ID: 'The registry; a variable of that name is enough' };
const cluster = {
  YC_K8S_CLUSTER_ID: 'The Managed Kubernetes cluster; a variable of that name is enough',
};

const deployContract: Contract = {
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

const checkContract: Contract = {
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

const rollbackContract: Contract = {
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
