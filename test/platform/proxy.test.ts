import { describe, expect, test } from '@jest/globals';
import { ActionError } from '../../src/core/errors.ts';
import { proxyFor } from '../../src/platform/proxy.ts';

const proxy = 'http://proxy.example:3128';
const forServer = (server: string, environment: Record<string, string>, configured?: string) =>
  proxyFor(new URL(server), environment, configured)?.href;

describe('proxyFor', () => {
  test('the kubeconfig wins, even over NO_PROXY', () => {
    const environment = { HTTPS_PROXY: 'http://other:1', NO_PROXY: '*' };
    expect(forServer('https://k8s.example', environment, proxy)).toBe(`${proxy}/`);
  });

  test('the variable of the scheme, in either case, with or without a scheme of its own', () => {
    expect(forServer('https://k8s.example', { https_proxy: proxy })).toBe(`${proxy}/`);
    expect(forServer('https://k8s.example', { HTTPS_PROXY: 'proxy.example:3128' })).toBe(
      `${proxy}/`,
    );
    expect(forServer('https://k8s.example', { HTTP_PROXY: proxy })).toBeUndefined();
    expect(forServer('http://k8s.example', { HTTP_PROXY: proxy })).toBe(`${proxy}/`);
  });

  test.each([
    ['https://k8s.example', '*', false],
    ['https://k8s.example', 'k8s.example', false],
    ['https://k8s.example', 'example', false],
    ['https://k8s.example', '.example', false],
    ['https://k8s.example', '*.example', false],
    ['https://k8s.example', 'other, k8s.example:443', false],
    ['https://k8s.example', 'k8s.example:6443', true],
    ['https://k8s.example', '8s.example', true],
    ['https://example', '*.example', true],
    ['https://10.1.2.3:6443', '10.0.0.0/8', false],
    ['https://11.1.2.3:6443', '10.0.0.0/8', true],
    ['https://10.1.2.3', '10.1.2.3', false],
    ['https://[2001:db8::1]:6443', '2001:db8::/32', false],
    ['https://[2001:db8::1]:6443', '2001:db8::1', false],
    ['https://k8s.example', '10.0.0.0/8', true],
    ['https://k8s.example', '10.0.0.0/99', true],
  ])('%s with NO_PROXY=%s goes through the proxy: %s', (server, except, through) => {
    const found = forServer(server, { HTTPS_PROXY: proxy, NO_PROXY: except });
    expect(found).toBe(through ? `${proxy}/` : undefined);
  });

  test('the machine itself is never asked for through a proxy of the environment', () => {
    expect(forServer('https://127.0.0.1:6443', { HTTPS_PROXY: proxy })).toBeUndefined();
    expect(forServer('https://[::1]:6443', { HTTPS_PROXY: proxy })).toBeUndefined();
    expect(forServer('https://localhost', { HTTPS_PROXY: proxy })).toBeUndefined();
  });

  test('a SOCKS proxy is refused, without its password', () => {
    const ask = () => forServer('https://k8s.example', {}, 'socks5://me:hush@proxy:1080');
    expect(ask).toThrow(ActionError);
    expect(ask).toThrow(/proxy-url of the kubeconfig asks for a proxy of the kind socks5:/);
    expect(ask).not.toThrow(/hush/);
  });
});
