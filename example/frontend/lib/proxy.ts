// Passes /api on to the backend where no balancer does it: in `make dev`, not in the cluster.
import { backendUrl } from './creatives.ts';
import { log } from './log.ts';

const NOT_PASSED = [
  'connection',
  'host',
  'content-length',
  'transfer-encoding',
  'content-encoding',
];

/** The backend's answer to the same request; 502 where it gives none. */
export async function passOn(request: Request, send: typeof fetch = fetch): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  try {
    const answer = await send(`${backendUrl()}${pathname}${search}`, {
      method: request.method,
      headers: without(request.headers),
      body: hasBody ? await request.arrayBuffer() : null,
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
    });
    return new Response(answer.body, { status: answer.status, headers: without(answer.headers) });
  } catch (error) {
    log('error', 'the backend does not answer', { path: pathname, error: String(error) });
    return Response.json({ detail: 'the backend does not answer' }, { status: 502 });
  }
}

function without(headers: Headers): Headers {
  const kept = new Headers(headers);
  for (const name of NOT_PASSED) kept.delete(name);
  return kept;
}
