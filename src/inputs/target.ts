// The rules between inputs that select the cluster and its credentials.

import type { Finding } from '../core/errors.ts';
import { didYouMean, invalid } from '../core/readers.ts';
import type { Credentials } from '../yandex/credentials.ts';
import type { InputName } from './contract.ts';
import type { ReadFields } from './fields.ts';
import type { ClusterTarget } from './types.ts';

export interface Chosen {
  readonly target?: ClusterTarget;
  /** For Yandex Cloud, whatever the cluster is. */
  readonly credentials?: Credentials;
  readonly findings: readonly Finding[];
}

export interface TargetRules {
  readonly on: 'github' | 'terminal';
  /** Whether the command needs a cluster. */
  readonly required: boolean;
  /** `KUBECONFIG`, or the path of `~/.kube/config` if that file exists. Used on a terminal only. */
  readonly defaultKubeconfig?: string | undefined;
  /** The credentials for Yandex Cloud are also the registry's login. */
  readonly opensRegistry: boolean;
}

const targets = ['yc-k8s-cluster-id', 'yc-k8s-cluster-name', 'kubeconfig'] as const;
const credentials = ['yc-sa-json-credentials', 'yc-sa-id', 'yc-iam-token'] as const;
const list = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');

const oneTarget = `Give exactly one of \`yc-k8s-cluster-id\`, \`yc-k8s-cluster-name\` with \
\`yc-folder-id\`, or \`kubeconfig\`.`;
const oneCredential = `Give exactly one of ${list(credentials)}.`;

/** One cluster with its credentials, or every broken rule. */
export function chooseTarget(read: ReadFields, rules: TargetRules): Chosen {
  const chosen = targetOf(read, rules);
  if (chosen.target && chosen.target.by !== 'kubeconfig') {
    return { ...chosen, credentials: chosen.target.credentials };
  }
  if (!rules.opensRegistry || given(read, credentials).length === 0) return chosen;
  const opened = chooseCredentials(read, rules);
  const known = new Set(chosen.findings.map(({ what }) => what));
  const more = opened.findings.filter(({ what }) => !known.has(what));
  return {
    ...chosen,
    ...(opened.credentials ? { credentials: opened.credentials } : {}),
    findings: [...chosen.findings, ...more],
  };
}

function targetOf(read: ReadFields, rules: TargetRules): Chosen {
  const all = given(read, targets);
  if (all.length > 1) {
    const opening = exclusive(given(read, credentials), oneCredential);
    return {
      findings: [...exclusive(all, oneTarget), ...opening, ...strays(read, rules, 'unclear')],
    };
  }
  const [chosen] = all;
  if (chosen === undefined) return withoutTarget(read, rules);
  if (chosen === 'kubeconfig') return byKubeconfig(read, rules);
  const opened = chooseCredentials(read, rules);
  const findings = [...opened.findings, ...strays(read, rules, chosen)];
  const cluster = managedCluster(read, chosen);
  if ('findings' in cluster) return { findings: [...findings, ...cluster.findings] };
  if (!opened.credentials) return { findings };
  return { findings, target: { ...cluster, credentials: opened.credentials } };
}

function given<N extends InputName>(read: ReadFields, names: readonly N[]): readonly N[] {
  return names.filter((name) => read.given.has(name));
}

function exclusive(names: readonly InputName[], hint: string): readonly Finding[] {
  const [first, ...others] = names;
  if (first === undefined || others.length === 0) return [];
  return [invalid(first, `excludes ${list(others)}, given as well`, hint)];
}

type ManagedCluster =
  | { readonly by: 'id'; readonly id: string }
  | { readonly by: 'name'; readonly name: string; readonly folderId: string };

function managedCluster(
  read: ReadFields,
  chosen: 'yc-k8s-cluster-id' | 'yc-k8s-cluster-name',
): ManagedCluster | { readonly findings: readonly Finding[] } {
  const { [chosen]: cluster, 'yc-folder-id': folderId } = read.values;
  if (chosen === 'yc-k8s-cluster-name' && !read.given.has('yc-folder-id')) {
    return { findings: [invalid(chosen, 'needs `yc-folder-id` beside it', oneTarget)] };
  }
  if (cluster === undefined) return { findings: [] };
  if (chosen === 'yc-k8s-cluster-id') return { by: 'id', id: cluster };
  return folderId === undefined ? { findings: [] } : { by: 'name', name: cluster, folderId };
}

function chooseCredentials(
  read: ReadFields,
  { on }: TargetRules,
): { readonly credentials?: Credentials; readonly findings: readonly Finding[] } {
  const all = given(read, credentials);
  const [chosen] = all;
  if (chosen === undefined) {
    const what = 'or another credential for Yandex Cloud is missing';
    return { findings: [invalid('yc-sa-json-credentials', what, unsetHint)] };
  }
  if (all.length > 1) return { findings: exclusive(all, oneCredential) };
  if (chosen === 'yc-sa-id' && on === 'terminal') {
    const what = "needs GitHub's OIDC token, which a terminal does not have";
    return { findings: [invalid(chosen, what, 'Use `yc-iam-token` or a key.')] };
  }
  const made = credentialsFrom(read.values);
  return made ? { credentials: made, findings: [] } : { findings: [] };
}

const unsetHint = `${oneCredential} A secret that is not set arrives empty, and pull requests from \
forks get no secrets at all.`;

function credentialsFrom(values: ReadFields['values']): Credentials | undefined {
  const { 'yc-sa-json-credentials': key, 'yc-iam-token': token } = values;
  const { 'yc-sa-id': serviceAccountId, 'yc-oidc-audience': audience } = values;
  if (key) return { by: 'key', key };
  if (token) return { by: 'token', token };
  if (serviceAccountId === undefined) return undefined;
  return { by: 'oidc', serviceAccountId, ...(audience === undefined ? {} : { audience }) };
}

function byKubeconfig(read: ReadFields, rules: TargetRules): Chosen {
  const { kubeconfig: config, 'kube-context': context } = read.values;
  const findings = strays(read, rules, 'kubeconfig');
  if (!config) return { findings };
  const named = context === undefined ? {} : { context };
  if ('path' in config) return { findings, target: { by: 'kubeconfig', ...config, ...named } };
  const { contexts } = config.facts;
  if (context !== undefined && !contexts.includes(context)) {
    const what = `is not a context of the kubeconfig${didYouMean(context, contexts)}`;
    return { findings: [...findings, invalid('kube-context', what, 'Name one of its contexts.')] };
  }
  if (context === undefined && !contexts.includes(config.facts.currentContext ?? '')) {
    const what = 'has no current context among its contexts';
    const hint = 'Set `kube-context`, or current-context in the file.';
    return { findings: [...findings, invalid('kubeconfig', what, hint)] };
  }
  return { findings, target: { by: 'kubeconfig', text: config.text, ...named } };
}

function withoutTarget(read: ReadFields, rules: TargetRules): Chosen {
  const yandex = given(read, [...credentials, 'yc-folder-id']).length > 0;
  // If any input for Yandex Cloud is given, the default kubeconfig would be a different cluster.
  const path = rules.on === 'terminal' && !yandex ? rules.defaultKubeconfig : undefined;
  if (path) {
    const context = read.values['kube-context'];
    const named = context === undefined ? {} : { context };
    return {
      findings: strays(read, rules, 'kubeconfig'),
      target: { by: 'kubeconfig', path, ...named },
    };
  }
  if (!rules.required) return { findings: strays(read, rules, undefined) };
  const opening = exclusive(given(read, credentials), oneCredential);
  const also = rules.on === 'terminal' && !yandex ? ' Or set the variable KUBECONFIG.' : '';
  const missing = invalid('yc-k8s-cluster-id', 'or another cluster is missing', oneTarget + also);
  return { findings: [missing, ...opening, ...strays(read, rules, 'unclear')] };
}

/**
 * Inputs that have no effect with the chosen target; `unclear` if the choice failed, so that one
 * mistake is not reported twice.
 */
function strays(
  read: ReadFields,
  rules: TargetRules,
  chosen: (typeof targets)[number] | 'unclear' | undefined,
): readonly Finding[] {
  const has = (name: InputName) => read.given.has(name);
  const unused = (name: InputName, why: string, hint: string): Finding => ({
    ...invalid(name, why, hint),
    severity: 'warning',
  });
  const findings: Finding[] = [];
  if (has('kube-context') && chosen !== 'kubeconfig' && chosen !== 'unclear') {
    findings.push(invalid('kube-context', 'needs `kubeconfig` beside it', 'Give both or none.'));
  }
  if (has('yc-oidc-audience') && !has('yc-sa-id')) {
    findings.push(invalid('yc-oidc-audience', 'needs `yc-sa-id` beside it', 'Give both or none.'));
  }
  if (has('yc-folder-id') && !has('yc-k8s-cluster-name')) {
    const hint = 'Remove it, or look the cluster up by `yc-k8s-cluster-name`.';
    findings.push(unused('yc-folder-id', 'is not used without `yc-k8s-cluster-name`', hint));
  }
  if ((chosen === 'kubeconfig' || chosen === undefined) && !rules.opensRegistry) {
    const why = chosen ? 'the kubeconfig brings its own credentials' : 'no cluster is given';
    const extra = given(read, credentials);
    findings.push(...extra.map((name) => unused(name, `is not used: ${why}`, 'Remove it.')));
  }
  return findings;
}
