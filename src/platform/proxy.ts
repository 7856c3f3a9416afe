// Which proxy, if any, to use for a server: the kubeconfig's first, then the environment's.
import { BlockList, isIP } from 'node:net';
import { ActionError, finding } from '../core/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a server, or undefined for a direct connection. `configured` (kubeconfig `proxy-url`) wins
 * over HTTPS_PROXY and NO_PROXY. Throws ActionError for unsupported kinds of proxy.
 */
export function proxyFor(
  server: URL,
  environment: Environment,
  configured?: string,
): URL | undefined {
  const text = configured ?? fromEnvironment(server, environment);
  if (!text) return undefined;
  const proxy = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (proxy && (proxy.protocol === 'http:' || proxy.protocol === 'https:')) return proxy;
  const where = configured ? 'proxy-url of the kubeconfig' : 'HTTPS_PROXY of the environment';
  throw new ActionError(
    finding(
      'cluster-unreachable',
      `The ${where} asks for a proxy of the kind ${proxy?.protocol ?? 'unknown'}, which is not supported.`,
      { hint: 'Use an http:// or https:// proxy that allows CONNECT.' },
    ),
  );
}

function fromEnvironment(server: URL, environment: Environment): string | undefined {
  const name = server.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const value = environment[name] || environment[name.toUpperCase()];
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  // As in Go's net/http, and so in kubectl: loopback never goes through a proxy.
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return undefined;
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  const except = environment['no_proxy'] || environment['NO_PROXY'] || '';
  const entries = except.split(/[\s,]+/).filter((entry) => entry !== '');
  return entries.some((entry) => covers(entry.toLowerCase(), host, port)) ? undefined : value;
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return inNetwork(entry, host);
  const [, name = entry, only] =
    /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) ? `[${entry}]` : entry) ?? [];
  if (only && only !== port) return false;
  const domain = name.replace(/^\*?\./, '');
  return (host === domain && !name.startsWith('*.')) || host.endsWith(`.${domain}`);
}

function inNetwork(entry: string, host: string): boolean {
  const [network = '', bits = ''] = entry.split('/');
  const family = isIP(host);
  if (family === 0 || family !== isIP(network) || !/^\d{1,3}$/.test(bits)) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  if (Number(bits) > (family === 6 ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), type);
  return list.check(host, type);
}
