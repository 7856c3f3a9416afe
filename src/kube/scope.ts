// Which API groups are Kubernetes' own; all others are custom kinds.
import { groupOf, type KubeObject } from './objects.ts';

const builtIn = new Set(['', 'apps', 'batch', 'autoscaling', 'policy', 'extensions']);
// Groups below k8s.io that are nevertheless installed as custom resources.
const custom = /^(gateway\.networking|snapshot\.storage|metrics|autoscaling|x-k8s)\b/;

/** True for kinds that every API server has, whose fields have the known meaning. */
export function isBuiltIn({ apiVersion }: Pick<KubeObject, 'apiVersion'>): boolean {
  const group = groupOf(apiVersion);
  return builtIn.has(group) || (group.endsWith('.k8s.io') && !custom.test(group));
}
