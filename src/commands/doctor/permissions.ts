// Whether the account has every permission that a deploy needs. Asks the API server, one by one.
import type { Api } from '../../cluster/api.ts';
import { textAt } from '../../kube/json.ts';
import { leaseVerbs } from '../../lock/findings.ts';
import { type Check, failed, ok } from './check.ts';

export interface Need {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
}

const kept = ['get', 'list', 'watch', 'create', 'patch', 'delete'];
const seen = ['get', 'list', 'watch'];

function needs(
  group: string,
  verbs: readonly string[],
  ...resources: readonly string[]
): readonly Need[] {
  return resources.map((resource) => ({ group, resource, verbs }));
}

/** What a deploy writes, waits for and reads; an undo and a rollback also delete. */
export const deployNeeds: readonly Need[] = [
  ...needs('apps', kept, 'deployments', 'statefulsets'),
  ...needs('apps', seen, 'replicasets', 'controllerrevisions'),
  ...needs('batch', kept, 'jobs', 'cronjobs'),
  ...needs('', kept, 'configmaps', 'secrets', 'services', 'serviceaccounts'),
  // An undo replaces a StatefulSet's stuck pod.
  ...needs('', [...seen, 'delete'], 'pods'),
  ...needs('', seen, 'events'),
  ...needs('', ['get'], 'pods/log'),
  ...needs('', ['get', 'list', 'watch', 'create', 'patch'], 'persistentvolumeclaims'),
  ...needs('networking.k8s.io', kept, 'ingresses', 'networkpolicies'),
  ...needs('policy', kept, 'poddisruptionbudgets'),
  ...needs('autoscaling', kept, 'horizontalpodautoscalers'),
  // The lock.
  ...needs('coordination.k8s.io', leaseVerbs, 'leases'),
];

/** What a deploy makes use of and does without. */
export interface OptionalNeed extends Need {
  /** Completes "without it". */
  readonly lost: string;
  /** Of a cluster-wide kind. */
  readonly clusterWide?: true;
}

export const optionalNeeds: readonly OptionalNeed[] = [
  {
    group: '',
    resource: 'pods',
    verbs: ['create'],
    lost: 'pods are not dry-run, so what admission refuses of them is known after the first write',
  },
  {
    group: '',
    resource: 'persistentvolumes',
    verbs: ['list'],
    clusterWide: true,
    lost: 'volumes made by hand are not seen before the first write',
  },
  {
    group: 'storage.k8s.io',
    resource: 'storageclasses',
    verbs: ['list'],
    clusterWide: true,
    lost: 'a storage class that does not exist is known after the first write',
  },
];

export interface Asking {
  readonly api: Api;
  readonly namespace: string;
  /** `yc …` with the cluster's id, for a cluster of Yandex Cloud. */
  readonly roleCommand?: string;
}

type Answer<N extends Need = Need> = N & { readonly denied: readonly string[] };

/** Throws ActionError where the API server does not answer. */
export async function checkPermissions(asking: Asking): Promise<readonly Check[]> {
  const { api, namespace } = asking;
  const [user, there, answers, optional] = await Promise.all([
    whoAmI(api),
    api.send({ method: 'GET', path: `/api/v1/namespaces/${namespace}` }),
    Promise.all(deployNeeds.map((need) => ask(need, asking))),
    Promise.all(optionalNeeds.map((need) => ask(need, asking))),
  ]);
  const problems: Check[] = [];
  if (there.status === 404) {
    const what = `The namespace ${namespace} does not exist.`;
    problems.push(failed('permissions', what, [`kubectl create namespace ${namespace}`]));
  }
  const denied = answers.filter((each) => each.denied.length > 0);
  if (denied.length > 0) problems.push(lacking(denied, user, asking));
  if (problems.length > 0) return problems;
  const count = deployNeeds.reduce((sum, { verbs }) => sum + verbs.length, 0);
  const granted = ok('permissions', `${user} has all ${count} rights of a deploy in ${namespace}.`);
  return [{ ...granted, evidence: optional.flatMap(without) }];
}

const without = ({ denied, lost, ...need }: Answer<OptionalNeed>): readonly string[] =>
  denied.length === 0
    ? []
    : [`without the optional right ${denied.join(', ')} of ${nameOf(need)}: ${lost}`];

async function whoAmI(api: Api): Promise<string> {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const answer = await api.send({ method: 'POST', path, body });
  return textAt(answer.body, 'status', 'userInfo', 'username') ?? 'the account';
}

async function ask<N extends Need & { readonly clusterWide?: true }>(
  need: N,
  { api, namespace }: Asking,
): Promise<Answer<N>> {
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const [resource = '', subresource] = need.resource.split('/');
  const asked = await Promise.all(
    need.verbs.map(async (verb) => {
      const where = need.clusterWide ? {} : { namespace };
      const attributes = { ...where, verb, group: need.group, resource };
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { ...attributes, ...(subresource ? { subresource } : {}) } },
      };
      const answer = await api.send({ method: 'POST', path, body });
      const status = (answer.body as { status?: { allowed?: boolean } } | undefined)?.status;
      return { verb, allowed: status?.allowed === true };
    }),
  );
  return { ...need, denied: asked.filter(({ allowed }) => !allowed).map(({ verb }) => verb) };
}

const nameOf = ({ resource, group }: Need) => (group === '' ? resource : `${resource}.${group}`);

/** If all of them are missing a role is missing; a few are missing from a rule of the namespace. */
function lacking(denied: readonly Answer[], user: string, asking: Asking): Check {
  const { namespace, roleCommand } = asking;
  const isAll = denied.length === deployNeeds.length;
  const what = `${user} lacks ${isAll ? 'every right' : 'rights'} of a deploy in ${namespace}.`;
  const evidence = denied.map((each) => `${nameOf(each)}: ${each.denied.join(', ')}`);
  const bind = (role: string) =>
    `kubectl create rolebinding ${role.replace(/^.*=/, '')}-${shellName(user)} --namespace ${namespace} --${role} --user ${shellWord(user)}`;
  const whole = bind('clusterrole=edit');
  if (isAll) {
    return failed(
      'permissions',
      what,
      roleCommand ? [roleCommand, `# or only here: ${whole}`] : [whole],
      evidence,
    );
  }
  const groups = Map.groupBy(denied, (each) => each.denied.join(','));
  const roles = [...groups].flatMap(([verbs, each], index) => {
    const name = `webgen-deploy-${index + 1}`;
    const resources = each.map(nameOf).join(',');
    return [
      `kubectl create role ${name} --namespace ${namespace} --verb=${verbs} --resource=${resources}`,
      bind(`role=${name}`),
    ];
  });
  return failed('permissions', what, roles, evidence);
}

/** A user's name may contain anything, and this is pasted into a shell. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text)
    ? text
    : `'${text.replace(/\p{C}/gu, '?').replaceAll("'", `'\\''`)}'`;
}

const shellName = (text: string) =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40);
