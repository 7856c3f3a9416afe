// action.yml as the program sees it: written by scripts/docs.ts, change action.yml instead.

/** A default that only the runner can fill (an expression) is empty here. */
export const inputTable = {
  command: {
    about: '`deploy`, `diff`, `status` or `setup`.',
    default: 'deploy',
  },
  app: {
    about: "Name of the application; default: the repository's name.",
    default: '',
  },
  environment: {
    about: 'Where it goes: `production`, `staging`, ….',
    default: '',
  },
  'yc-k8s-cluster-id': {
    about: 'Id of the Managed Kubernetes cluster.',
    default: '',
  },
  'yc-k8s-cluster-name': {
    about: 'Name of the cluster, together with `yc-folder-id`.',
    default: '',
  },
  'yc-folder-id': {
    about: 'Folder in which `yc-k8s-cluster-name` is looked up.',
    default: '',
  },
  'cluster-endpoint': {
    about: 'Which address of the cluster to use: `external` or `internal`.',
    default: 'external',
  },
  kubeconfig: {
    about: "Any other cluster: a path, or the file's text, plain or base64.",
    default: '',
  },
  'kube-context': {
    about: 'Context of the kubeconfig; default: its current one.',
    default: '',
  },
  namespace: {
    about: "Namespace for objects that name none; default: the context's.",
    default: '',
  },
  'create-namespace': {
    about: 'Create the namespace if it is missing.',
    default: 'false',
  },
  'yc-sa-json-credentials': {
    about: "The service account's authorized key, as JSON.",
    default: '',
  },
  'yc-sa-id': {
    about: "Keyless: the service account to become through GitHub's OIDC token.",
    default: '',
  },
  'yc-oidc-audience': {
    about: "Audience of that OIDC token; default: GitHub's own.",
    default: '',
  },
  'yc-iam-token': {
    about: 'An IAM token that you already have.',
    default: '',
  },
  'yc-api-endpoint': {
    about: "Yandex Cloud's API: `https://`, or `http://` to loopback.",
    default: 'https://api.cloud.yandex.net',
  },
  manifests: {
    about: 'File, folder, glob, kustomization or URL; one per line.',
    default: '',
  },
  images: {
    about: 'Lines `name=reference`: the image for each repository of that name.',
    default: '',
  },
  variables: {
    about: 'Lines `NAME=value`: fill `${NAME}` in the manifests.',
    default: '',
  },
  secrets: {
    about: 'Lines `SecretName/key=value`: applied as Opaque Secrets.',
    default: '',
  },
  timeout: {
    about: 'From the first write to the verdict: `90s`, `10m`, `1h30m`.',
    default: '10m',
  },
  wait: {
    about: 'Wait until everything is ready; `false` only applies.',
    default: 'true',
  },
  patience: {
    about: 'How soon a doubt fails the run: `strict`, `normal` or `patient`.',
    default: 'normal',
  },
  'force-conflicts': {
    about: 'Take fields over from other field managers.',
    default: 'false',
  },
  lock: {
    about: 'One deploy of an application at a time: the others wait.',
    default: 'true',
  },
  'lock-timeout': {
    about: 'How long to wait for another deploy; `0s` fails at once.',
    default: '15m',
  },
  'restart-on-config': {
    about: 'Roll workloads whose ConfigMap or Secret changed in this run.',
    default: 'true',
  },
  'kubectl-version': {
    about: '`auto`, `match-cluster`, `latest`, `none`, a version or a range.',
    default: 'auto',
  },
  'yc-version': {
    about: '`auto`, `none`, or an exact version.',
    default: 'auto',
  },
  'yc-sha256': {
    about: 'SHA-256 of the yc program of `yc-version`, 64 hexadecimal digits.',
    default: '',
  },
  'tool-mirror': {
    about: "Where tools are downloaded: `<mirror>/<maker's host>/<maker's path>`.",
    default: '',
  },
  'github-token': {
    about: "GitHub's token, for its API.",
    default: '',
  },
  'environment-url': {
    about: "Address of the deployed application, for GitHub's deployment.",
    default: '',
  },
  comment: {
    about: 'Keep the preview as one comment on the pull request.',
    default: 'true',
  },
  summary: {
    about: 'Write the job summary.',
    default: 'true',
  },
  'log-lines': {
    about: 'Last log lines shown of each failed container, 0 to 1000.',
    default: '30',
  },
} as const;

/** Every group of inputs, and the one that it begins with. */
export const inputGroups: readonly (readonly [title: string, first: InputName])[] = [
  ['What to do', 'command'],
  ['The cluster', 'yc-k8s-cluster-id'],
  ['Credentials for Yandex Cloud (exactly one)', 'yc-sa-json-credentials'],
  ['What to deploy', 'manifests'],
  ['How to deploy', 'timeout'],
  ['Tools', 'kubectl-version'],
  ['Reporting', 'github-token'],
];

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
