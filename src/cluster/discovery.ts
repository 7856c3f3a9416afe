// What the server serves, one group and version at a time: full discovery hangs on a dead APIService.
import leven from 'leven';
import { ActionError } from '../core/errors.ts';
import type { ApiRequest, ApiResponse } from '../core/ports.ts';
import { fieldsAt, listAt, textAt } from '../kube/json.ts';
import { groupOf } from '../kube/objects.ts';
import { rootOf } from '../kube/paths.ts';
import type { Resource } from '../kube/resource.ts';
import type { Api } from './api.ts';
import { apiFailure } from './api-errors.ts';

export interface Discovery {
  resourceOf(apiVersion: string, kind: string): Promise<Resource | undefined>;
  forget(apiVersion: string): void;
}

type Send = (request: ApiRequest) => Promise<ApiResponse>;

/** One request per group and version, shared by concurrent callers, and cached. */
export function discovery(send: Send): Discovery {
  const known = new Map<string, Promise<readonly Resource[]>>();
  return {
    async resourceOf(apiVersion, kind) {
      let list = known.get(apiVersion);
      if (!list) {
        const asked = resourcesOf(send, apiVersion);
        list = asked;
        known.set(apiVersion, asked);
        // Failures are not cached: the next caller asks the server again.
        asked.catch(() => known.get(apiVersion) === asked && known.delete(apiVersion));
      }
      return (await list).find((each) => each.kind === kind);
    },
    forget(apiVersion) {
      known.delete(apiVersion);
    },
  };
}

/** The kind that was probably meant, for "did you mean": another version, another group, a typo. */
export async function nearestKind(
  api: Pick<Api, 'send'>,
  apiVersion: string,
  kind: string,
): Promise<Pick<Resource, 'apiVersion' | 'kind'> | undefined> {
  const send: Send = (request) => api.send(request);
  const usual = homes[kind];
  const versions = [apiVersion, ...(await versionsOf(send, groupOf(apiVersion)))];
  const candidates = [...new Set([...versions, ...(usual ? [usual] : [])])];
  const lists = await Promise.all(candidates.map((each) => resourcesOf(send, each)));
  const served = lists.flat();
  return served.find((each) => each.kind === kind) ?? closest(served, kind);
}

/**
 * A kind as it is served now: as requested, else under another version of its group, else in
 * the group that a kind of that name moved to. The uid shows whether it is the same object.
 */
export async function servedNow(
  api: Pick<Api, 'send' | 'resourceOf'>,
  apiVersion: string,
  kind: string,
): Promise<Resource | undefined> {
  const asked = await api.resourceOf(apiVersion, kind);
  if (asked) return asked;
  const usual = homes[kind];
  const versions = await versionsOf((request) => api.send(request), groupOf(apiVersion));
  for (const each of [...versions, ...(usual ? [usual] : [])]) {
    const found = await api.resourceOf(each, kind);
    if (found) return found;
  }
  return undefined;
}

function closest(served: readonly Resource[], kind: string): Resource | undefined {
  const wanted = kind.toLowerCase();
  const near = served
    .map((each) => ({ each, distance: leven(each.kind.toLowerCase(), wanted) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(kind.length / 4)))
    .sort((one, other) => one.distance - other.distance);
  return near[0]?.each;
}

// The current group of kinds that are often written under a wrong or an old one.
const homes: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  ReplicaSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
  Ingress: 'networking.k8s.io/v1',
  IngressClass: 'networking.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  PodDisruptionBudget: 'policy/v1',
  Role: 'rbac.authorization.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1',
  StorageClass: 'storage.k8s.io/v1',
  PriorityClass: 'scheduling.k8s.io/v1',
  Lease: 'coordination.k8s.io/v1',
  CustomResourceDefinition: 'apiextensions.k8s.io/v1',
  Service: 'v1',
  ConfigMap: 'v1',
  Secret: 'v1',
  Namespace: 'v1',
  Pod: 'v1',
  ServiceAccount: 'v1',
  PersistentVolumeClaim: 'v1',
};

async function resourcesOf(send: Send, apiVersion: string): Promise<readonly Resource[]> {
  const body = await read(send, rootOf(apiVersion), `Asking what ${apiVersion} holds`);
  return listAt(body, 'resources').flatMap((entry) => {
    const name = textAt(entry, 'name');
    const kind = textAt(entry, 'kind');
    if (name === undefined || kind === undefined || name.includes('/')) return [];
    return [{ apiVersion, kind, plural: name, namespaced: fieldsAt(entry)['namespaced'] === true }];
  });
}

async function versionsOf(send: Send, group: string): Promise<readonly string[]> {
  if (group === '') return [];
  const body = await read(send, rootOf(group).replace('/api/', '/apis/'), `Asking for ${group}`);
  return listAt(body, 'versions').flatMap((each) => textAt(each, 'groupVersion') ?? []);
}

/** Undefined for 404; throws ActionError for anything but success. */
async function read(send: Send, path: string, doing: string): Promise<unknown> {
  const request = { method: 'GET', path } as const;
  const response = await send(request);
  if (response.status === 404) return undefined;
  if (response.status === 200) return response.body;
  throw new ActionError(apiFailure(doing, response, request));
}
