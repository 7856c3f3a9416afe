// Which programs a test cluster is made of, and at which versions.

export const KUBERNETES = '1.34.4';
export const ETCD = '3.6.4';
export const KWOK = '0.8.0';

export type Program =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubelet'
  | 'kube-proxy'
  | 'kwok'
  | 'kubectl';

/** Programs that the one binary of `e2e/support/kube` can be. */
export const KUBE_PROGRAMS: readonly Program[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
];

const CONTROL_PLANE: readonly Program[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
];

/** What a cluster of each kind starts. */
export const NEEDED: Readonly<Record<'kwok' | 'node', readonly Program[]>> = {
  kwok: [...CONTROL_PLANE, 'kwok'],
  node: [...CONTROL_PLANE, 'kubelet', 'kube-proxy'],
};
