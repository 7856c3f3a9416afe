// Annotations that users set on their objects.
export const patienceKey = 'webgen-deploy/patience';

export const patiences = ['strict', 'normal', 'patient'] as const;

export type Patience = (typeof patiences)[number];
