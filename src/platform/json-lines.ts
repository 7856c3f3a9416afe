// A stream of bytes becomes lines of JSON, wherever the network has cut it.
import { TransportError } from '../ports.ts';

const lineFeed = 0x0a;

/**
 * Feed it chunks; it calls back with each complete line, parsed. Bytes are only decoded as whole
 * lines, so a cut inside a character does no harm; what follows the last line feed is dropped.
 * Throws TransportError `EPROTO` for a line that is not JSON.
 */
export function jsonLines(onValue: (value: unknown) => void): (chunk: Uint8Array) => void {
  let parts: Uint8Array[] = [];
  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      const piece = chunk.subarray(from, end);
      const line = textOf(parts.length === 0 ? piece : Buffer.concat([...parts, piece])).trim();
      parts = [];
      from = end + 1;
      if (line !== '') onValue(parsed(line));
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
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
