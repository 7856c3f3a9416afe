// Short YAML from untrusted sources: an input, a kubeconfig, an ignore file.
import { Composer, type Document, isScalar, LineCounter, type Node, visit } from 'yaml';
import { TokenLimit, tokensOf } from './yaml-tokens.ts';

export interface SmallYaml {
  readonly contents: Document['contents'];
  /** The document as JSON. */
  readonly value: unknown;
  /** From 1. */
  lineOf(node: unknown): number;
}

export type ReadYaml =
  | { readonly yaml: SmallYaml }
  /** `problem` continues "line 3 …"; it never quotes the text, which may hold secrets. */
  | { readonly problem: string; readonly line: number };

/** The largest that the API server takes as a Secret; a kubeconfig of fifty clusters has 200 KB. */
const longest = 2 ** 20;
/** Each costs the parser up to 40 µs: 1.2 s in all. An ignore file of 2,000 entries has 20,000. */
const mostMarks = 30_000;
const marks = /[\n:,[{?]|- /g;
const mostAliases = 100;

/** Never throws. A text that is too large, or expands to that through aliases, is a problem as well. */
export function readYaml(text: string): ReadYaml {
  if (text.length > longest) return { problem: 'is larger than 1 MiB', line: 1 };
  if ((text.match(marks)?.length ?? 0) > mostMarks) {
    return { problem: `has more than ${mostMarks} keys and items`, line: 1 };
  }
  const counter = new LineCounter();
  const at = (offset = 0) => counter.linePos(offset).line || 1;
  const document = parsedDocument(text, counter);
  if ('at' in document) return { problem: 'is not valid YAML', line: at(document.at) };
  const [broken] = document.errors;
  if (broken) return { problem: 'is not valid YAML', line: at(broken.pos[0]) };
  const found = oddIn(document);
  if (found) return { problem: found.problem, line: at(found.at) };
  const lineOf = (node: unknown) => at((node as Node | null)?.range?.[0]);
  try {
    const value: unknown = document.toJS({ maxAliasCount: mostAliases });
    return { yaml: { contents: document.contents, value, lineOf } };
  } catch {
    return { problem: 'has aliases that become too much', line: 1 };
  }
}

/** The only document of the text; else what is wrong, and where. */
function parsedDocument(text: string, counter: LineCounter): Document | { readonly at: number } {
  const composer = new Composer({
    prettyErrors: false,
    logLevel: 'silent',
    // The library compares every key with every other one; `oddIn` checks each only once.
    uniqueKeys: false,
  });
  try {
    const documents = composer.compose(tokensOf(text, counter.addNewLine), true, text.length);
    const [first, second] = [...documents];
    if (second) return { at: second.range[0] };
    return first ?? { at: 0 };
  } catch (error) {
    if (error instanceof TokenLimit) return { at: error.at };
    if (error instanceof RangeError) return { at: 0 };
    throw error;
  }
}

/** A duplicate key, or more aliases than any real file has. */
function oddIn(document: Document): { readonly problem: string; readonly at?: number } | undefined {
  let odd: { readonly problem: string; readonly at?: number } | undefined;
  let aliases = 0;
  visit(document, {
    Alias: (_, alias, path) => {
      aliases += 1;
      const target = aliases > mostAliases ? undefined : alias.resolve(document);
      // A value that contains itself is not JSON.
      if (target && !path.some((each) => each === target)) return undefined;
      odd = { problem: 'has an alias that cannot be resolved', at: alias.range?.[0] ?? 0 };
      return visit.BREAK;
    },
    Map: (_, map) => {
      // A map as a key would be serialised to text, recursively.
      const strange = map.items.find(({ key }) => key !== null && !isScalar(key));
      if (strange) {
        odd = {
          problem: 'has a key that is not a text',
          at: (strange.key as Node).range?.[0] ?? 0,
        };
        return visit.BREAK;
      }
      const seen = new Set<unknown>();
      const again = map.items.find(({ key }) => {
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name)) return true;
        seen.add(name);
        return false;
      });
      if (!again) return undefined;
      odd = { problem: 'has a key for the second time', at: (again.key as Node).range?.[0] ?? 0 };
      return visit.BREAK;
    },
  });
  return aliases > mostAliases ? { problem: `has more than ${mostAliases} aliases` } : odd;
}
