// What the API warns of in an answer that is a success: deprecations, pod security, odd formats.
import type { ApiResponse } from '../ports.ts';

/** The texts of the Warning headers (RFC 7234, code 299), once each. */
export function warningsOf({ headers }: Pick<ApiResponse, 'headers'>): readonly string[] {
  const found = (headers['warning'] ?? '').matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g);
  return [...new Set([...found].map(([, text = '']) => text.replace(/\\(.)/g, '$1')))];
}
