// Which commands read an input: what `COMMAND --help` shows. A new input needs a row to compile.
import { type Command, commandNames, commands } from '../core/commands.ts';
import type { InputName } from './contract.ts';

const having = (fact: 'needsCluster' | 'writes' | 'deploys' | 'scans') =>
  commandNames.filter((command) => commands[command][fact]);

const all = commandNames;
/** `scan` looks at live images where it is given a cluster. */
const cluster: readonly Command[] = [...having('needsCluster'), 'setup', 'scan'];
const writes = having('writes');
const deploys = having('deploys');
const scans = having('scans');
const compares: readonly Command[] = ['deploy', 'diff', 'rollback'];
const judges: readonly Command[] = ['deploy', 'rollback', 'status'];
const loads: readonly Command[] = ['deploy', 'diff', 'scan'];
const builds: readonly Command[] = ['deploy', 'build', 'scan'];
const names: readonly Command[] = [...loads, 'build'];

const readBy = {
  command: [],
  app: all,
  environment: all,
  'yc-k8s-cluster-id': cluster,
  'yc-k8s-cluster-name': cluster,
  'yc-folder-id': cluster,
  'cluster-endpoint': cluster,
  kubeconfig: cluster,
  'kube-context': cluster,
  namespace: cluster,
  'create-namespace': deploys,
  'yc-sa-json-credentials': all,
  'yc-sa-id': all,
  'yc-oidc-audience': all,
  'yc-iam-token': all,
  'yc-api-endpoint': all,
  manifests: loads,
  images: loads,
  built: deploys,
  variables: loads,
  secrets: loads,
  build: names,
  'bake-file': names,
  'bake-targets': names,
  registry: names,
  'yc-registry-id': names,
  'registry-username': names,
  'registry-password': names,
  'registry-auth-host': names,
  builder: builds,
  provenance: builds,
  sbom: builds,
  timeout: writes,
  wait: writes,
  patience: judges,
  'force-conflicts': compares,
  lock: writes,
  'lock-timeout': writes,
  'restart-on-config': compares,
  scan: scans,
  'scan-severity': scans,
  'scan-ignore-unfixed': scans,
  'scan-baseline': scans,
  'trivy-version': scans,
  'trivy-sha256': scans,
  'trivy-db-repository': scans,
  'to-release': ['rollback'],
  prune: deploys,
  'prune-confirm': compares,
  'take-over': compares,
  'allow-older': ['deploy'],
  revision: ['status'],
  'on-failure': writes,
  'on-first-failure': writes,
  'kubectl-version': cluster,
  'yc-version': cluster,
  'yc-sha256': cluster,
  'tool-mirror': all,
  'github-token': all,
  'environment-url': ['deploy'],
  comment: ['diff'],
  summary: all,
  'log-lines': [...judges, 'build'],
} as const satisfies Readonly<Record<InputName, readonly Command[]>>;

/** In the order of action.yml. */
export const inputsOf = (command: Command): readonly InputName[] =>
  (Object.keys(readBy) as readonly InputName[]).filter((name) =>
    (readBy[name] as readonly Command[]).includes(command),
  );
