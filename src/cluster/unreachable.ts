// Explains why the API server did not answer, with a hint for each reason.
import { type Finding, finding } from '../core/errors.ts';
import type { TransportError } from '../core/ports.ts';

/** The TLS error codes for an untrusted certificate. */
export const certificateReasons: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_REVOKED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
]);

interface Cause {
  readonly words: string;
  readonly hint: string;
}

const ports =
  'In Yandex Cloud let TCP 443 and 6443 from the runner through the security group of the cluster.';

const causes: Readonly<Record<string, Cause>> = {
  ECONNREFUSED: {
    words: 'the connection is refused',
    hint: `Check the address and its port, and that the API server is running. ${ports}`,
  },
  ETIMEDOUT: {
    words: 'the connection times out',
    hint: `Nothing answers there: check the address, the firewall and the route. ${ports}`,
  },
  NO_ANSWER: {
    words: 'it takes the connection but does not answer',
    hint: 'Check the API server’s load and any proxy between; run it again.',
  },
  ENOTFOUND: {
    words: 'the name is not known',
    hint: 'Check the spelling of the address and the runner’s name servers; an internal address needs a runner inside the network.',
  },
  EAI_AGAIN: {
    words: 'the name servers do not answer',
    hint: 'Check the runner’s name servers and its network; run it again.',
  },
  EHOSTUNREACH: {
    words: 'there is no route to it',
    hint: `Check the network and the route. ${ports}`,
  },
  ENETUNREACH: {
    words: 'there is no route to it',
    hint: `Check the network and the route. ${ports}`,
  },
  EPROTO: {
    words: 'what answers there is not the Kubernetes API over TLS',
    hint: 'Check the scheme (https), the port and any proxy between.',
  },
  PROXY_REFUSED: {
    words: 'the proxy refuses to connect',
    hint: 'Let the proxy CONNECT to that address, or name it in NO_PROXY.',
  },
  PROXY_FAILED: {
    words: 'the proxy cannot connect to it',
    hint: 'Check the address, and whether the proxy may go there; or name it in NO_PROXY.',
  },
  PROXY_UNREACHABLE: {
    words: 'the proxy before it cannot be reached',
    hint: 'Check HTTPS_PROXY, or proxy-url of the kubeconfig; or name the address in NO_PROXY.',
  },
  certificate: {
    words: 'its certificate is not trusted',
    hint: 'Put the cluster’s own authority into the kubeconfig (certificate-authority-data), and use an address that the certificate names.',
  },
  identity: {
    words: 'the certificate or the key of the kubeconfig cannot be used',
    hint: 'Put a PEM certificate and its own key into the kubeconfig.',
  },
  handshake: {
    words: 'it breaks off the TLS handshake',
    hint: 'Check the client certificate of the kubeconfig, and any proxy between.',
  },
  other: {
    words: 'the connection breaks',
    hint: `Check the network and any proxy between; run it again. ${ports}`,
  },
};

/** `cluster-unreachable`: the address, the reason in words, the system's own message, a hint. */
export function unreachableFinding(
  server: string,
  error: TransportError,
  triedMs: number,
): Finding {
  const { words, hint } = causeOf(error.reason);
  const tried = triedMs >= 1000 ? ` (tried for ${Math.round(triedMs / 1000)} s)` : '';
  return finding(
    'cluster-unreachable',
    `The Kubernetes API at ${server} cannot be reached: ${words}${tried}.`,
    {
      evidence: [`${error.reason}: ${error.message}`],
      hint,
    },
  );
}

/** The same reason in a few words, for the log. */
export function wordsFor(error: TransportError): string {
  return causeOf(error.reason).words;
}

function causeOf(reason: string): Cause {
  return causes[classOf(reason)] ?? (causes['other'] as Cause);
}

function classOf(reason: string): string {
  if (certificateReasons.has(reason)) return 'certificate';
  if (/^ERR_(OSSL|CRYPTO)/.test(reason)) return 'identity';
  return reason.startsWith('ERR_SSL') ? 'handshake' : reason;
}

/** True if a retry cannot help: the configuration is wrong, it is not transient. */
export function isHopeless(reason: string): boolean {
  const known = ['certificate', 'identity', 'handshake', 'EPROTO', 'PROXY_REFUSED'];
  return known.includes(classOf(reason));
}
