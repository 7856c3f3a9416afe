// undici, loaded at the first request, so that a run's first line appears at once.
import type * as Undici from 'undici';

let loaded: Promise<typeof Undici> | undefined;

/**
 * The module. HTTP/2 is off by default: loading undici 8 replaces the dispatcher of
 * every `fetch` in the process, including GitHub's client, with one that uses HTTP/2, and a request with
 * a body that is aborted over HTTP/2 can hang the process (docs/cancellation.md).
 */
export function loadUndici(): Promise<typeof Undici> {
  loaded ??= import('undici').then((undici) => {
    undici.setGlobalDispatcher(new undici.Agent({ allowH2: false }));
    return undici;
  });
  return loaded;
}
