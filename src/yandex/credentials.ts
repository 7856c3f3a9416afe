// How a run authenticates to Yandex Cloud.
import type { Secret } from '../core/secret.ts';

export type Credentials =
  | { readonly by: 'key'; readonly key: ServiceAccountKey }
  | { readonly by: 'oidc'; readonly serviceAccountId: string; readonly audience?: string }
  | { readonly by: 'token'; readonly token: Secret };

export interface ServiceAccountKey {
  readonly id: string;
  readonly serviceAccountId: string;
  /** PKCS#8 PEM without any leading text line. */
  readonly privateKey: Secret;
}
