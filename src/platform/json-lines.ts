// Splits a stream of bytes into lines of JSON, wherever the network has cut it.
import { TransportError } from '../core/ports.ts';

const lineFeed = 0x0a;

/**
 * Takes chunks and calls back with each complete line, parsed. Bytes are only decoded as whole
 * lines, so a cut inside a character is harmless; anything after the last line feed is dropped.
 * Throws TransportError `EPROTO` for a line that is not JSON, `TOO_LARGE` for one longer than
 * `mostBytes` (default 16 MiB: etcd's limit is 1.5 MiB per object).
 */
export function jsonLines(
  onValue: (value: unknown) => void,
  mostBytes = 16 * 2 ** 20,
): (chunk: Uint8Array) => void {
  let parts: Uint8Array[] = [];
  let open = 0;
  const grow = (bytes: number): void => {
    open += bytes;
    if (open <= mostBytes) return;
    parts = [];
    throw new TransportError('TOO_LARGE', `a line of the stream is longer than ${mostBytes} bytes`);
  };
  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      const piece = chunk.subarray(from, end);
      grow(piece.length);
      const line = textOf(parts.length === 0 ? piece : Buffer.concat([...parts, piece])).trim();
      parts = [];
      open = 0;
      from = end + 1;
      if (line !== '') onValue(parsed(line));
    }
    if (from === chunk.length) return;
    grow(chunk.length - from);
    parts.push(chunk.subarray(from));
  };
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new TransportError('EPROTO', 'a line of the stream is not JSON');
  }
}
