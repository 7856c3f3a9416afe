// Concatenated JSON objects (`jq`, `kubectl get -o json` twice), as kubectl accepts them.

export interface Part {
  readonly text: string;
  /** Lines before it. */
  readonly above: number;
}

/** Minimum average length of an object with `apiVersion`, `kind` and a name: thousands of `{}` are not manifests. */
const shortest = 40;

/** One part per JSON object if a text begins with `{`; else, or if in doubt, the whole text. */
export function splitJson(text: string): readonly Part[] {
  const whole = [{ text, above: 0 }];
  if (!/^\uFEFF?\s*\{/.test(text)) return whole;
  const ends = objectEnds(text);
  const rest = text.slice(ends.at(-1) ?? 0);
  if (ends.length < 2 || rest.trim() !== '') return whole;
  if (ends.length > 10_000 && text.length < ends.length * shortest) return whole;
  const parts: Part[] = [];
  let start = 0;
  let above = 0;
  for (const end of ends) {
    const part = text.slice(start, end);
    // A text with anything else between two objects is YAML flow mappings, not JSON.
    if (!/^\uFEFF?\s*\{/.test(part)) return whole;
    parts.push({ text: part, above });
    above += part.split('\n').length - 1;
    start = end;
  }
  return parts;
}

const steps: Readonly<Record<string, number>> = { '{': 1, '[': 1, '}': -1, ']': -1 };
const closing: ReadonlySet<string> = new Set(['}', ']']);

/** Offsets just after each bracket that closes a top-level object. */
function objectEnds(text: string): readonly number[] {
  const ends: number[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = closingQuote(text, at);
    depth += steps[character ?? ''] ?? 0;
    if (depth < 0) return [];
    if (depth === 0 && closing.has(character ?? '')) ends.push(at + 1);
  }
  return depth === 0 ? ends : [];
}

/** The end of the string that begins with the quote at `from`; the end of the text if it is never closed. */
function closingQuote(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
