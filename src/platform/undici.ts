// undici, loaded at the first request, so that the first line of a run comes at once.
import type * as Undici from 'undici';

let loaded: Promise<typeof Undici> | undefined;

/**
 * The module. HTTP/2 is off wherever nobody asks for it: loading undici 8 replaces the dispatcher of
 * every `fetch` in the process, GitHub's client among them, by one that speaks it, and a request with
 * a body that is aborted over HTTP/2 can take the process with it (docs/cancellation.md).
 */
export function loadUndici(): Promise<typeof Undici> {
  loaded ??= import('undici').then((undici) => {
    undici.setGlobalDispatcher(new undici.Agent({ allowH2: false }));
    return undici;
  });
  return loaded;
}
