// What the API knows of adverts, and how the server and the browser ask for them.

export interface Creative {
  readonly id: number;
  readonly title: string;
  readonly status: 'queued' | 'ready';
  readonly slogan: string | null;
  readonly created_at: string;
}

/** Where browsers find the API; baked in by the build argument API_URL. */
export const API_URL = process.env['NEXT_PUBLIC_API_URL'] || '/api';

/** Where this server finds the backend, without `/api`. */
export const backendUrl = (): string => process.env['BACKEND_URL'] || 'http://localhost:8000';

/** The newest adverts, or why there are none to show. Never throws. */
export async function newest(get: typeof fetch = fetch): Promise<readonly Creative[] | string> {
  try {
    const answer = await get(`${backendUrl()}/api/creatives`, {
      cache: 'no-store',
      signal: AbortSignal.timeout(5000),
    });
    if (!answer.ok) return `The API answered ${answer.status}.`;
    return (await answer.json()) as Creative[];
  } catch {
    return 'The API does not answer.';
  }
}

/** Adds an advert as a guest. Rejects with a sentence for people. */
export async function add(title: string, post: typeof fetch = fetch): Promise<void> {
  const opened = await post(`${API_URL}/session`, { method: 'POST' });
  if (!opened.ok) throw new Error(`No session: the API answered ${opened.status}.`);
  const { token } = (await opened.json()) as { token: string };
  const added = await post(`${API_URL}/creatives`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ title }),
  });
  if (!added.ok) throw new Error(`Not added: the API answered ${added.status}.`);
}
