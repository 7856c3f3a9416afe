// The API server's webhook: whose token is this.
import { holderOf, type Identity } from './identity.ts';
import type { Received, Reply } from './server.ts';

interface Review {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly spec?: { readonly token?: string };
}

/** `POST /tokenreview`: the user of a token is the service account's id, as in Yandex Cloud. */
export function reviewToken(identity: Identity, request: Received): Reply {
  const review = JSON.parse(request.body) as Review;
  const holder = holderOf(identity, review.spec?.token ?? '');
  const groups = ['system:authenticated'];
  const status =
    holder === undefined
      ? { authenticated: false, error: 'the token is invalid or has expired' }
      : { authenticated: true, user: { username: holder, uid: holder, groups } };
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status };
  return { status: 200, body };
}
