// action.yml as the program sees it: written by scripts/docs.ts, change action.yml instead.

/** A default that only the runner can fill (an expression) is empty here. */
export const inputTable = {
  command: {
    group: 'What to do',
    about: '`deploy`, `diff`, `status` or `setup`.',
    default: 'deploy',
  },
  app: {
    group: 'What to do',
    about: "Name of the application; default: the repository's name.",
    default: '',
  },
  environment: {
    group: 'What to do',
    about: 'Where it goes: `production`, `staging`, ….',
    default: '',
  },
  'yc-k8s-cluster-id': {
    group: 'The cluster',
    about: 'Id of the Managed Kubernetes cluster.',
    default: '',
  },
  'yc-k8s-cluster-name': {
    group: 'The cluster',
    about: 'Name of the cluster, together with `yc-folder-id`.',
    default: '',
  },
  'yc-folder-id': {
    group: 'The cluster',
    about: 'Folder in which `yc-k8s-cluster-name` is looked up.',
    default: '',
  },
  'cluster-endpoint': {
    group: 'The cluster',
    about: 'Which address of the cluster to use: `external` or `internal`.',
    default: 'external',
  },
  kubeconfig: {
    group: 'The cluster',
    about: "Any other cluster: a path, or the file's text, plain or base64.",
    default: '',
  },
  'kube-context': {
    group: 'The cluster',
    about: 'Context of the kubeconfig; default: its current one.',
    default: '',
  },
  namespace: {
    group: 'The cluster',
    about: "Namespace for objects that name none; default: the context's.",
    default: '',
  },
  'create-namespace': {
    group: 'The cluster',
    about: 'Create the namespace if it is missing.',
    default: 'false',
  },
  'yc-sa-json-credentials': {
    group: 'Credentials for Yandex Cloud (exactly one)',
    about: "The service account's authorized key, as JSON.",
    default: '',
  },
  'yc-sa-id': {
    group: 'Credentials for Yandex Cloud (exactly one)',
    about: "Keyless: the service account to become through GitHub's OIDC token.",
    default: '',
  },
  'yc-oidc-audience': {
    group: 'Credentials for Yandex Cloud (exactly one)',
    about: "Audience of that OIDC token; default: GitHub's own.",
    default: '',
  },
  'yc-iam-token': {
    group: 'Credentials for Yandex Cloud (exactly one)',
    about: 'An IAM token that you already have.',
    default: '',
  },
  'yc-api-endpoint': {
    group: 'Credentials for Yandex Cloud (exactly one)',
    about: "Yandex Cloud's API: `https://`, or `http://` to loopback.",
    default: 'https://api.cloud.yandex.net',
  },
  manifests: {
    group: 'What to deploy',
    about: 'File, folder, glob, kustomization or URL; one per line.',
    default: '',
  },
  images: {
    group: 'What to deploy',
    about: 'Lines `name=reference`: the image for each repository of that name.',
    default: '',
  },
  variables: {
    group: 'What to deploy',
    about: 'Lines `NAME=value`: fill `${NAME}` in the manifests.',
    default: '',
  },
  secrets: {
    group: 'What to deploy',
    about: 'Lines `SecretName/key=value`: applied as Opaque Secrets.',
    default: '',
  },
  timeout: {
    group: 'How to deploy',
    about: 'From the first write to the verdict: `90s`, `10m`, `1h30m`.',
    default: '10m',
  },
  wait: {
    group: 'How to deploy',
    about: 'Wait until everything is ready; `false` only applies.',
    default: 'true',
  },
  patience: {
    group: 'How to deploy',
    about: 'How soon a doubt fails the run: `strict`, `normal` or `patient`.',
    default: 'normal',
  },
  'force-conflicts': {
    group: 'How to deploy',
    about: 'Take fields over from other field managers.',
    default: 'false',
  },
  lock: {
    group: 'How to deploy',
    about: 'One deploy of an application at a time: the others wait.',
    default: 'true',
  },
  'lock-timeout': {
    group: 'How to deploy',
    about: 'How long to wait for another deploy; `0s` fails at once.',
    default: '15m',
  },
  'restart-on-config': {
    group: 'How to deploy',
    about: 'Roll workloads whose ConfigMap or Secret changed in this run.',
    default: 'true',
  },
  'kubectl-version': {
    group: 'Tools',
    about: '`auto`, `match-cluster`, `latest`, `none`, a version or a range.',
    default: 'auto',
  },
  'yc-version': {
    group: 'Tools',
    about: '`auto`, `none`, or an exact version.',
    default: 'auto',
  },
  'yc-sha256': {
    group: 'Tools',
    about: 'SHA-256 of the yc program of `yc-version`, 64 hexadecimal digits.',
    default: '',
  },
  'tool-mirror': {
    group: 'Tools',
    about: "Where tools are downloaded: `<mirror>/<maker's host>/<maker's path>`.",
    default: '',
  },
  'github-token': {
    group: 'Reporting',
    about: "GitHub's token, for its API.",
    default: '',
  },
  'environment-url': {
    group: 'Reporting',
    about: "Address of the deployed application, for GitHub's deployment.",
    default: '',
  },
  comment: {
    group: 'Reporting',
    about: 'Keep the preview as one comment on the pull request.',
    default: 'true',
  },
  summary: {
    group: 'Reporting',
    about: 'Write the job summary.',
    default: 'true',
  },
  'log-lines': {
    group: 'Reporting',
    about: 'Last log lines shown of each failed container, 0 to 1000.',
    default: '30',
  },
} as const;

export const outputNames = [
  'status',
  'error-code',
  'app',
  'environment',
  'namespace',
  'images',
  'changes',
  'findings',
  'duration-seconds',
  'kubeconfig-path',
  'report-path',
] as const;

export type InputName = keyof typeof inputTable;
export type OutputName = (typeof outputNames)[number];
