// Reads that prove a finding: is the object or key really missing, and what is there instead.
import type { Api } from '../../cluster/api.ts';
import { headsAlone, withoutReleases } from '../../cluster/list.ts';
import { ActionError } from '../../core/errors.ts';
import type { ApiRequest } from '../../core/ports.ts';
import { fieldsAt, listAt, textAt } from '../../kube/json.ts';
import { resourceOfKind } from '../../kube/kinds.ts';
import { pathOf } from '../../kube/paths.ts';
import type { Resource } from '../../kube/resource.ts';
import type { Answer } from '../facts/memory.ts';
import type { Proof } from '../facts/verdict.ts';

const readMs = 10_000;
/** Enough to find the name that was meant. */
const mostNames = 250;

const resources: Readonly<Record<Proof['kind'], Resource>> = {
  Secret: resourceOfKind('Secret'),
  ConfigMap: resourceOfKind('ConfigMap'),
  Service: resourceOfKind('Service'),
  EndpointSlice: resourceOfKind('discovery.k8s.io/EndpointSlice'),
  ServiceAccount: resourceOfKind('ServiceAccount'),
  StorageClass: resourceOfKind('storage.k8s.io/StorageClass'),
  PriorityClass: resourceOfKind('scheduling.k8s.io/PriorityClass'),
  RuntimeClass: resourceOfKind('node.k8s.io/RuntimeClass'),
  IngressClass: resourceOfKind('networking.k8s.io/IngressClass'),
  GatewayClass: resourceOfKind('gateway.networking.k8s.io/GatewayClass'),
};
// The head alone is enough where no key is asked for: no value leaves the API server.
const headOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/** Reads what a finding calls missing. Values are dropped at once: only key names are looked at. */
export async function readProof(api: Api, proof: Proof, signal: AbortSignal): Promise<Answer> {
  const request: ApiRequest = { ...requestOf(proof), method: 'GET', timeoutMs: readMs, signal };
  const sentAt = api.now();
  try {
    const { status, body } = await api.send(request);
    const isSlices = proof.kind === 'EndpointSlice' && status === 200;
    const result = isSlices ? endpointsIn(body) : resultOf(status, body, proof);
    const answer = { at: sentAt, ...result };
    return status === 404 ? { ...answer, names: await namesBeside(api, proof, signal) } : answer;
  } catch (error) {
    if (error instanceof ActionError) return { at: sentAt, result: 'unknown' };
    throw error;
  }
}

function requestOf({ kind, namespace, name, key }: Proof): Pick<ApiRequest, 'path' | 'accept'> {
  const resource = resources[kind];
  if (kind === 'EndpointSlice') {
    const query = { labelSelector: `kubernetes.io/service-name=${name}` };
    return { path: pathOf(resource, { namespace, query }) };
  }
  const path = pathOf(resource, { namespace, name });
  return key === undefined ? { path, accept: headOnly } : { path };
}

/** A Service has a slice even while it has no endpoint; one of the type ExternalName has none. */
function endpointsIn(body: unknown): Omit<Answer, 'at'> {
  const items = listAt(body, 'items');
  if (items.length === 0) return { result: 'unknown' };
  const endpoints = items.flatMap((each) => listAt(each, 'endpoints'));
  // The API's words: what says nothing about readiness is to be taken as ready.
  const isReady = endpoints.some((each) => fieldsAt(each, 'conditions')['ready'] !== false);
  return { result: isReady ? 'present' : 'missing' };
}

function resultOf(status: number, body: unknown, proof: Proof): Omit<Answer, 'at'> {
  if (status === 404) return { result: 'missing' };
  if (status === 403) return { result: 'forbidden' };
  if (status !== 200) return { result: 'unknown' };
  if (proof.key === undefined) return { result: 'present' };
  const keys = [
    ...Object.keys(fieldsAt(body, 'data')),
    ...Object.keys(fieldsAt(body, 'binaryData')),
  ];
  return keys.includes(proof.key) ? { result: 'present' } : { result: 'missing', keys };
}

const defaultClass = 'storageclass.kubernetes.io/is-default-class';

/** The names of others of its kind; empty where they may not be listed. */
async function namesBeside(
  api: Api,
  { kind, namespace }: Proof,
  signal: AbortSignal,
): Promise<readonly string[]> {
  // Releases are Secrets too, but nobody means them.
  const query =
    kind === 'Secret' ? { limit: mostNames, fieldSelector: withoutReleases } : { limit: mostNames };
  const path = pathOf(resources[kind], { namespace, query });
  try {
    const { status, body } = await api.send({
      method: 'GET',
      path,
      accept: headsAlone,
      timeoutMs: readMs,
      signal,
    });
    if (status !== 200) return [];
    return listAt(body, 'items').flatMap((each) => {
      const name = textAt(each, 'metadata', 'name');
      const isDefault = textAt(each, 'metadata', 'annotations', defaultClass) === 'true';
      return name === undefined ? [] : [name + (isDefault ? ' (default)' : '')];
    });
  } catch (error) {
    if (error instanceof ActionError) return [];
    throw error;
  }
}
