// Runs a kubeconfig's exec plugin and caches its credential until that expires.
import { resolve } from 'node:path';
import type { Cluster } from '@kubernetes/client-node/dist/config_types.js';
import { ActionError, finding } from '../core/errors.ts';
import type { RunResult } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';
import { fieldsAt, listAt, textAt } from '../kube/json.ts';
import { pluginEnvironment, realShell } from './shell.ts';

export interface Credential {
  readonly authorization?: Secret;
  readonly certificate?: { readonly cert: Buffer; readonly key: Buffer };
  /** Milliseconds since the epoch; absent: valid for the whole run. */
  readonly expiresAt?: number;
}

export interface PluginParts {
  /** The `exec` of the kubeconfig's user, as written. */
  readonly exec: unknown;
  readonly cluster: Cluster;
  readonly user: string;
  readonly mask: (secret: Secret) => void;
  /** The kubeconfig's folder: a relative command path starts there. */
  readonly folder?: string | undefined;
}

interface Plugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint?: string;
  readonly clusterInfo: boolean;
}

/** A token is renewed this long before it expires, so that no request starts with an expiring one. */
const marginMs = 10_000;
const timeoutMs = 60_000;

/**
 * Returns the credential: single flight, cached until it expires, renewed on `refresh`. Throws
 * ActionError `unauthenticated`, naming the program and its exit code.
 */
export function credentialPlugin(parts: PluginParts): (refresh: boolean) => Promise<Credential> {
  const plugin = readPlugin(parts);
  let known: Credential | undefined;
  let running: Promise<Credential> | undefined;
  return async (refresh) => {
    if (running !== undefined) return running;
    const fresh = known && (known.expiresAt ?? Number.POSITIVE_INFINITY) - marginMs > Date.now();
    if (known && fresh && !refresh) return known;
    running = obtain(plugin, parts).finally(() => {
      running = undefined;
    });
    known = await running;
    return known;
  };
}

function readPlugin({ exec, user, folder }: PluginParts): Plugin {
  const raw = fieldsAt(exec);
  const { apiVersion, command, installHint, interactiveMode } = raw;
  if (typeof command !== 'string' || typeof apiVersion !== 'string') {
    const what = `The exec plugin of user "${user}" lacks its command or its apiVersion.`;
    throw new ActionError(finding('input-invalid', what));
  }
  if (interactiveMode === 'Always') throw refused(user, `${command} needs an interactive terminal`);
  const env = listAt(raw, 'env').map(
    (each) => [textAt(each, 'name'), textAt(each, 'value')] as const,
  );
  const args = listAt(raw, 'args');
  const isText = (each: unknown) => typeof each === 'string';
  if (!args.every(isText) || !env.every(([name, value]) => name && isText(value))) {
    const what = `The exec plugin of user "${user}" has args or env that are no texts.`;
    throw new ActionError(finding('input-invalid', what));
  }
  return {
    apiVersion,
    // As in kubectl: a bare name is looked up on PATH, a path is relative to the kubeconfig.
    command: command.includes('/') && folder ? resolve(folder, command) : command,
    args: args.filter((each) => typeof each === 'string'),
    env: Object.fromEntries(env),
    ...(typeof installHint === 'string' ? { installHint } : {}),
    clusterInfo: raw['provideClusterInfo'] === true,
  };
}

async function obtain(plugin: Plugin, parts: PluginParts): Promise<Credential> {
  const env = {
    ...pluginEnvironment(process.env),
    ...plugin.env,
    KUBERNETES_EXEC_INFO: execInfo(plugin, parts.cluster),
  };
  const shell = realShell();
  if (!(await shell.which(plugin.command))) throw missing(plugin, parts.user);
  const result = await shell.run(plugin.command, plugin.args, { env, stdin: '', timeoutMs });
  if (result.code !== 0) throw failed(plugin, parts.user, result);
  return read(result.stdout, plugin, parts);
}

function execInfo(plugin: Plugin, cluster: Cluster): string {
  const info = {
    server: cluster.server,
    ...(cluster.caData ? { 'certificate-authority-data': cluster.caData } : {}),
    ...(cluster.tlsServerName ? { 'tls-server-name': cluster.tlsServerName } : {}),
    ...(cluster.skipTLSVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(cluster.proxyUrl ? { 'proxy-url': cluster.proxyUrl } : {}),
  };
  const spec = { interactive: false, ...(plugin.clusterInfo ? { cluster: info } : {}) };
  return JSON.stringify({ apiVersion: plugin.apiVersion, kind: 'ExecCredential', spec });
}

function read(stdout: string, plugin: Plugin, { user, mask }: PluginParts): Credential {
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    throw refused(user, `${plugin.command} did not answer with JSON`);
  }
  const { kind, apiVersion, status } = fieldsAt(answer);
  if (kind !== 'ExecCredential' || apiVersion !== plugin.apiVersion || !status) {
    throw refused(user, `${plugin.command} did not answer with a ${plugin.apiVersion} credential`);
  }
  const token = textAt(status, 'token');
  const cert = textAt(status, 'clientCertificateData');
  const key = textAt(status, 'clientKeyData');
  const expiresAt = Date.parse(textAt(status, 'expirationTimestamp') ?? '');
  if (!token && !(cert && key)) throw refused(user, `${plugin.command} gave no credential`);
  if (token && !/^[\x21-\x7e]+$/.test(token)) {
    throw refused(user, `${plugin.command} gave a token that no request can carry`);
  }
  if (token) mask(new Secret(token));
  if (key) mask(new Secret(key));
  return {
    ...(token ? { authorization: new Secret(`Bearer ${token}`) } : {}),
    ...(cert && key ? { certificate: { cert: Buffer.from(cert), key: Buffer.from(key) } } : {}),
    ...(Number.isNaN(expiresAt) ? {} : { expiresAt }),
  };
}

function missing(plugin: Plugin, user: string): ActionError {
  const what = `User "${user}" logs in with the program ${plugin.command}, which is not installed.`;
  const hint = `Install ${plugin.command} on the runner, or use a kubeconfig with a token.`;
  const evidence = plugin.installHint ? [plugin.installHint] : [];
  return new ActionError(finding('unauthenticated', what, { evidence, hint }));
}

function failed(plugin: Plugin, user: string, result: RunResult): ActionError {
  const how = result.code === -1 ? 'was stopped (signal or 60 s)' : `exit code ${result.code}`;
  const what = `The login program ${plugin.command} of user "${user}" failed: ${how}.`;
  const evidence = result.stderr.trim().split('\n').slice(0, 5);
  const hint = `Run ${plugin.command} on the runner by hand; it needs its own credentials there.`;
  return new ActionError(finding('unauthenticated', what, { evidence, hint }));
}

function refused(user: string, why: string): ActionError {
  const what = `User "${user}" cannot log in: ${why}.`;
  const hint = 'Use a kubeconfig whose user has a token, or correct its exec plugin.';
  return new ActionError(finding('unauthenticated', what, { hint }));
}
