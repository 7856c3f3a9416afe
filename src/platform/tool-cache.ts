// The runner's tool cache through @actions/tool-cache, loaded only when a tool is needed.
import type { StoredTool, ToolCache } from '../tools/install.ts';
import { refusedByProxy } from './transport-errors.ts';

/** Longer downloads are abandoned; the largest tool has 170 MB. */
const downloadMs = 5 * 60_000;

/** `folder` is used if no runner sets one (a terminal). `signal` abandons downloads. */
export function realToolCache(folder: string, signal?: AbortSignal): ToolCache {
  // The library reads its folder only from the environment.
  process.env['RUNNER_TOOL_CACHE'] ||= folder;
  if (process.env['GITHUB_ACTIONS'] !== 'true') muteCommands();
  const library = () => import('@actions/tool-cache');
  return {
    folder: process.env['RUNNER_TOOL_CACHE'] ?? folder,
    find: async (tool, version, arch) => {
      const { find } = await library();
      return find(tool, version, arch) || undefined;
    },
    download: async (url, file) => {
      const { downloadTool } = await library();
      tame();
      await withLimit(downloadTool(url, file), signal).catch((error: Error) => {
        const status = /^tunneling socket .* statusCode=(\d+)$/.exec(error.message)?.[1];
        throw status === undefined ? error : refusedByProxy(Number(status));
      });
    },
    store: async (file: string, tool: StoredTool) => {
      const { cacheFile } = await library();
      return cacheFile(file, tool.fileName, tool.name, tool.version, tool.arch);
    },
  };
}

function tame(): void {
  // By default it waits up to 20 s before each of two retries, even if a proxy refuses.
  const seconds = { MIN: 1, MAX: 3 };
  for (const [end, value] of Object.entries(seconds)) {
    const name = `TEST_DOWNLOAD_TOOL_RETRY_${end}_SECONDS`;
    if (!(name in globalThis)) Reflect.set(globalThis, name, value);
  }
  // It uses the deprecated Buffer() for a proxy with a login; users cannot change that.
  process.noDeprecation = true;
}

const muted = new WeakSet<object>();

/** The library reports its progress as workflow commands, which only a runner understands. */
function muteCommands(): void {
  const write = process.stdout.write.bind(process.stdout);
  if (muted.has(process.stdout.write)) return;
  const filtered = (chunk: string | Uint8Array, ...rest: never[]): boolean =>
    typeof chunk === 'string' && chunk.startsWith('::debug::') ? true : write(chunk, ...rest);
  process.stdout.write = filtered;
  muted.add(filtered);
}

/** The library cannot be cancelled: its remaining work ends with the process. */
async function withLimit(work: Promise<unknown>, signal?: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const abort = (): void => reject(new Error('given up, since the run was cancelled'));
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const message = `not downloaded within ${downloadMs / 60_000} minutes`;
    timer = setTimeout(() => reject(new Error(message)), downloadMs);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
