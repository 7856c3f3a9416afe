// Finds out who we are and where the cluster is, and leaves a kubeconfig for us and for later steps.

import type { Code } from '../core/codes.ts';
import { defined } from '../core/defined.ts';
import { ActionError, type Finding, finding } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { reveal, Secret } from '../core/secret.ts';
import { readKubeconfig } from '../inputs/kubeconfig.ts';
import { kubeconfigSecrets } from '../inputs/mask.ts';
import type { ClusterTarget } from '../inputs/types.ts';
import type { ReportedFinding } from '../rollout/wait/result.ts';
import { type Cloud, openCloud } from '../yandex/cloud.ts';
import { findCluster, type ManagedCluster } from '../yandex/cluster.ts';
import type { Credentials } from '../yandex/credentials.ts';
import { managedKubeconfig } from '../yandex/kubeconfig.ts';
import type { IdTokenRequest } from '../yandex/oidc.ts';
import type { TokenSource } from '../yandex/token-source.ts';
import { oneKubeconfig } from './one-kubeconfig.ts';

export interface Access {
  /** The kubeconfig's text, as it was when we began. */
  readonly kubeconfig: Secret;
  /** The file: ours (mode 0600, in the temporary folder), or the one that the user named. */
  readonly path: string;
  /** True for a file that the user named: it is used in place and never removed. */
  readonly borrowed: boolean;
  /** What later steps shall use instead of `path`: the same file in the context that was asked for. */
  readonly forLater?: string;
  readonly context?: string;
  /** A bearer token that is kept alive; instead of the kubeconfig's own credentials. */
  readonly token?: TokenSource;
  /** `1.34`; only where the cloud says so. */
  readonly clusterVersion?: string;
  /** More precise hints for what the cluster's own API refuses. */
  readonly hints: Partial<Record<Code, string>>;
}

export interface AuthenticateOptions {
  readonly apiEndpoint: string;
  readonly endpoint: 'external' | 'internal';
  /** Where relative paths start. */
  readonly workspace: string;
  readonly idToken?: IdTokenRequest;
  /** The run's own way into the cloud, where it is shared with the registry. */
  readonly cloud?: (credentials: Credentials) => Promise<Cloud>;
  /** Called before a secret file is made, so that the post step removes it whatever happens. */
  readonly onSecretFile: (path: string) => void;
}

type AuthenticatePorts = Pick<Ports, 'http' | 'files' | 'clock' | 'log'>;

/** One call; nothing from the kubeconfig is run. Throws ActionError for every expected failure. */
export function authenticate(
  target: ClusterTarget,
  ports: AuthenticatePorts,
  options: AuthenticateOptions,
): Promise<Access> {
  return target.by === 'kubeconfig'
    ? byKubeconfig(target, ports, options)
    : byCloud(target, ports, options);
}

/** Puts the access's hints on what the cluster's API refused. */
export function withHints(findings: readonly Finding[], access: Access): readonly Finding[] {
  return findings.map((each) => {
    const hint = hintFor(each, access);
    return hint === undefined ? each : { ...each, hint };
  });
}

/** The same beside what the step that failed knew better: a rule for a Role, or a role of the cloud. */
export function andHints(
  findings: readonly ReportedFinding[],
  access: Access,
): readonly ReportedFinding[] {
  return findings.map((each) => {
    const hint = hintFor(each, access);
    if (hint === undefined || each.hint.includes(hint)) return each;
    return { ...each, hint: `${each.hint}\n${hint}` };
  });
}

/** A preview of an account that may only read is told the one rule, and not to become an editor. */
function hintFor({ code, severity }: Finding, { hints }: Access): string | undefined {
  return severity === 'fatal' ? hints[code] : undefined;
}

type Kubeconfig = ClusterTarget & { readonly by: 'kubeconfig' };
type Managed = Exclude<ClusterTarget, Kubeconfig>;

async function byKubeconfig(
  target: Kubeconfig,
  { files, log }: AuthenticatePorts,
  options: AuthenticateOptions,
): Promise<Access> {
  const named = target.path === undefined ? undefined : resolved(target.path, options.workspace);
  const text = named === undefined ? target.text : await readNamed(named, files);
  if (text === undefined)
    throw new ActionError(finding('input-invalid', 'No kubeconfig is given.'));
  for (const secret of kubeconfigSecrets(reveal(text))) log.mask(secret);
  const path = named === undefined ? await place(files, options) : await files.realPath(named);
  const inContext = withContext(text, target.context, folderOf(path));
  if (named === undefined) await files.write(path, inContext ?? text, 0o600);
  const copy = named !== undefined && inContext ? await place(files, options) : undefined;
  if (copy !== undefined && inContext) await files.write(copy, inContext, 0o600);
  return {
    kubeconfig: text,
    path,
    borrowed: named !== undefined,
    ...defined({ forLater: copy, context: target.context }),
    hints: {},
  };
}

const folderOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));

/** Later steps know no `kube-context`: their kubectl must not land in the file's own one. */
function withContext(text: Secret, context: string | undefined, folder: string) {
  const facts = readKubeconfig(reveal(text));
  if (context === undefined || !facts?.contexts.includes(context)) return undefined;
  if (facts.currentContext === context) return undefined;
  return new Secret(oneKubeconfig([{ folder, text: reveal(text) }], context));
}

function resolved(path: string, workspace: string): string {
  return path.startsWith('/') ? path : `${workspace}/${path}`;
}

async function readNamed(path: string, files: Ports['files']): Promise<Secret> {
  try {
    return new Secret(await files.read(path));
  } catch (error) {
    if (error instanceof ActionError) throw error;
    const reason = (error as { code?: string }).code ?? 'unreadable';
    const missing = reason === 'ENOENT';
    const what = `The kubeconfig ${path} ${missing ? 'does not exist' : `cannot be read (${reason})`}.`;
    const hint = 'Correct the path; a relative one starts in the working directory of the run.';
    throw new ActionError(finding('input-invalid', what, { hint }));
  }
}

async function place(files: Ports['files'], options: AuthenticateOptions): Promise<string> {
  const path = `${await files.makeTemp('webgen-deploy-')}/kubeconfig`;
  options.onSecretFile(path);
  return path;
}

async function byCloud(
  target: Managed,
  ports: AuthenticatePorts,
  options: AuthenticateOptions,
): Promise<Access> {
  const { http, files } = ports;
  const { credentials } = target;
  const own = () => openCloud(credentials, options, ports);
  const { endpoints, tokens, onIssue } = await (options.cloud?.(credentials) ?? own());
  const path = await place(files, options);
  let cluster: ManagedCluster | undefined;
  const write = async (token: Secret): Promise<Secret> => {
    if (!cluster) return token;
    const text = managedKubeconfig({ ...cluster, token });
    await files.write(path, text, 0o600);
    return text;
  };
  // Keeps the file as fresh as the token: later steps read it.
  onIssue(write);
  const token = await tokens.get(firstUseMs);
  const account = accountOf(credentials);
  const { endpoint } = options;
  cluster = await findCluster(target, { http, endpoints, token, endpoint, ...account });
  return {
    kubeconfig: await write(token),
    path,
    borrowed: false,
    token: tokens,
    ...(cluster.version ? { clusterVersion: cluster.version } : {}),
    hints: hintsFor(cluster, options, account.serviceAccountId),
  };
}

/** What the preparation needs before the first wait asks for more. */
const firstUseMs = 5 * 60_000;

function accountOf(credentials: Credentials): { readonly serviceAccountId?: string } {
  if (credentials.by === 'token') return {};
  const { serviceAccountId } = credentials.by === 'key' ? credentials.key : credentials;
  return { serviceAccountId };
}

function hintsFor(
  cluster: ManagedCluster,
  { endpoint }: AuthenticateOptions,
  account = '<service account id>',
): Partial<Record<Code, string>> {
  const bind = `yc managed-kubernetes cluster add-access-binding ${cluster.id}`;
  return {
    forbidden:
      'Grant k8s.cluster-api.editor (namespaces, CRDs and RBAC: k8s.cluster-api.cluster-admin): ' +
      `${bind} --role k8s.cluster-api.editor --subject serviceAccount:${account}`,
    'cluster-unreachable':
      endpoint === 'external'
        ? "Let the runner in: the master's security group must allow TCP 443 and 6443 from it; or use cluster-endpoint: internal on a runner inside the VPC."
        : 'An internal endpoint answers only inside the VPC: run on a runner there (security group: TCP 443 and 6443), or use cluster-endpoint: external.',
  };
}
