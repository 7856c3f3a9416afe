// The wordings of three container runtimes and several registries, each sorted into its class.
import { expect, test } from '@jest/globals';
import { type PullTrouble, pullTroubleOf } from '../../../src/rollout/facts/pull-words.ts';

const image = 'registry.example.com/team/not-found:1';

const wordings: readonly (readonly [PullTrouble, string])[] = [
  [
    'not-found',
    `rpc error: code = NotFound desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`,
  ],
  [
    'not-found',
    `rpc error: code = Unknown desc = Error response from daemon: manifest for ${image} not found: manifest unknown: manifest unknown`,
  ],
  ['not-found', 'reading manifest 1 in registry.example.com/team/x: manifest unknown'],
  [
    'not-found',
    'initializing source docker://registry.example.com/x:1: reading manifest: name unknown: repository name not known to registry',
  ],
  ['not-found', 'unexpected status code 404 Not Found'],
  [
    'denied',
    "pull access denied for x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  ],
  [
    'denied',
    'failed to authorize: failed to fetch anonymous token: unexpected status: 403 Forbidden',
  ],
  ['denied', 'server message: insufficient_scope: authorization failed'],
  [
    'denied',
    'unable to retrieve auth token: invalid username/password: unauthorized: authentication required',
  ],
  ['transient', 'toomanyrequests: You have reached your pull rate limit'],
  ['transient', 'failed with status code [manifests 1]: 503 Service Unavailable'],
  ['transient', 'dial tcp: lookup registry.example.com on 10.0.0.10:53: no such host'],
  ['transient', 'net/http: TLS handshake timeout'],
  ['transient', 'x509: certificate signed by unknown authority'],
  ['transient', 'failed to copy: httpReadSeeker: failed open: unexpected EOF'],
  ['transient', 'dial tcp 10.0.0.1:443: connect: connection refused'],
  ['platform', 'no match for platform in manifest: not found'],
  ['platform', 'no matching manifest for linux/arm64/v8 in the manifest list entries'],
  ['unknown', `rpc error: code = Unknown desc = something else about ${image}`],
];

test.each(wordings)('%s: %s', (trouble, message) => {
  expect(pullTroubleOf(message, image)).toBe(trouble);
});

test('the name of the image itself decides nothing', () => {
  expect(pullTroubleOf(`pulling "${image}" failed: 500 Internal Server Error`, image)).toBe(
    'transient',
  );
  expect(pullTroubleOf(`something about ${image}`, image)).toBe('unknown');
});
