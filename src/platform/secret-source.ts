// Reads a file or standard input up to a size limit.
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

/** UTF-8; undefined if it is larger. `-` is standard input. Throws the system's error. */
export async function readBounded(path: string, most: number): Promise<string | undefined> {
  const source: Readable = path === '-' ? process.stdin : createReadStream(path);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk as Buffer);
    size += bytes.length;
    // Leaving the loop closes the stream.
    if (size > most) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
