// Puts images into a registry by plain HTTP, as `docker push` would.
import type { Blob, Image } from './image.ts';

export interface Pushed {
  /** `REGISTRY/REPOSITORY:TAG`. */
  readonly reference: string;
  /** `sha256:…` of the manifest. */
  readonly digest: string;
}

/** Pushes to `registry` (`host:port`); blobs that are there are not sent again. */
export async function pushImage(
  registry: string,
  name: { readonly repository: string; readonly tag: string },
  image: Image,
): Promise<Pushed> {
  const base = `http://${registry}/v2/${name.repository}`;
  for (const blob of image.blobs) await pushBlob(base, blob);
  await send(`${base}/manifests/${name.tag}`, {
    method: 'PUT',
    headers: { 'content-type': image.mediaType },
    body: new Uint8Array(image.manifest.data),
  });
  const reference = `${registry}/${name.repository}:${name.tag}`;
  return { reference, digest: image.manifest.digest };
}

async function pushBlob(base: string, { digest, data }: Blob): Promise<void> {
  const there = await fetch(`${base}/blobs/${digest}`, { method: 'HEAD' });
  if (there.ok) return;
  const started = await send(`${base}/blobs/uploads/`, { method: 'POST' });
  const upload = new URL(started.headers.get('location') ?? '', base);
  upload.searchParams.set('digest', digest);
  await send(upload.href, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(data),
  });
}

async function send(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  if (answer.ok) return answer;
  throw new Error(`${init.method} ${url} answered ${answer.status}: ${await answer.text()}`);
}
