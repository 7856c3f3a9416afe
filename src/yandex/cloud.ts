// Access to Yandex Cloud for a whole run: its services' addresses, and one token that is renewed.
import type { Secret } from '../core/secret.ts';
import type { Credentials } from './credentials.ts';
import { discoverEndpoints, type Endpoints } from './endpoints.ts';
import { type CloudPorts, tokenByKey } from './iam-token.ts';
import { type IdTokenRequest, tokenByOidc } from './oidc.ts';
import { givenToken, type IssuedToken, type TokenSource, tokenSource } from './token-source.ts';

export interface Cloud {
  readonly endpoints: Endpoints;
  readonly tokens: TokenSource;
  /** Called with every new token, before it is used. */
  onIssue(listener: (token: Secret) => Promise<unknown>): void;
}

export interface CloudOptions {
  readonly apiEndpoint: string;
  readonly idToken?: IdTokenRequest;
}

/** Requests the addresses; a token is issued on first use. Throws ActionError. */
export async function openCloud(
  credentials: Credentials,
  options: CloudOptions,
  ports: CloudPorts,
): Promise<Cloud> {
  if (credentials.by === 'token') ports.log.mask(credentials.token);
  const endpoints = await discoverEndpoints(ports.http, options.apiEndpoint);
  const listeners: ((token: Secret) => Promise<unknown>)[] = [];
  const make = (): Promise<IssuedToken> => {
    if (credentials.by === 'key') return tokenByKey(credentials.key, endpoints, ports);
    if (credentials.by === 'token') throw new Error('a given token is not made');
    return tokenByOidc({ ...credentials, request: options.idToken }, endpoints, ports);
  };
  const issue = async () => {
    const issued = await make();
    for (const listener of listeners) await listener(issued.token);
    return issued;
  };
  const tokens =
    credentials.by === 'token' ? givenToken(credentials.token) : tokenSource(issue, ports.clock);
  return { endpoints, tokens, onIssue: (listener) => void listeners.push(listener) };
}
