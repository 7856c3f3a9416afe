// Reads a file or standard input, and never more of it than it may be large.
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

/** UTF-8; undefined where it is larger. `-` is standard input. Throws what the system says. */
export async function readBounded(path: string, most: number): Promise<string | undefined> {
  const source: Readable = path === '-' ? process.stdin : createReadStream(path);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk as Buffer);
    size += bytes.length;
    // Leaving the loop closes the file.
    if (size > most) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
