// The secret names that our workflows know; the contract fixes them.

export const key = 'YC_SA_JSON_CREDENTIALS';
/** Ids are not secret, but secrets with these names still work beside variables. */
export const registry = 'YC_REGISTRY_ID';
export const cluster = 'YC_K8S_CLUSTER_ID';
export const applicationSecrets = 'APPLICATION_SECRETS';

export const secretNames = [key, registry, cluster, applicationSecrets] as const;
