// Names that workflows, the guide and `doctor` share.

const key = 'YC_SA_JSON_CREDENTIALS';
const registry = 'YC_REGISTRY_ID';
const cluster = 'YC_K8S_CLUSTER_ID';

/** Names of the secrets, and the environments of GitHub that hold them. The ids may be variables, which mask nothing. */
export const secretNames = [key, registry, cluster] as const;
/** Values of Secrets, for a deploy alone; an application without any leaves it unset. */
export const applicationSecrets = 'APPLICATION_SECRETS';
export const environments = ['production', 'staging', 'pr-check'] as const;
