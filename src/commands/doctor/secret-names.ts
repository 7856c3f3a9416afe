// The names of secrets that our workflows know; the contract fixes them.

export const key = 'YC_SA_JSON_CREDENTIALS';
/** Ids are no secrets, but secrets of these names go on working beside variables. */
export const registry = 'YC_REGISTRY_ID';
export const cluster = 'YC_K8S_CLUSTER_ID';
export const applicationSecrets = 'APPLICATION_SECRETS';

export const secretNames = [key, registry, cluster, applicationSecrets] as const;
