// What a pull request's bake definition takes from the runner: variables, agents and paths.
import { isFields } from '../kube/json.ts';

/** A path that must lie inside the workspace; relative ones start there. */
export interface Reach {
  /** `target api: secret`. */
  readonly where: string;
  readonly path: string;
}

export interface Reaches {
  readonly paths: readonly Reach[];
  /** What can never be inside: `target api: secret token is a variable of the runner`. */
  readonly refused: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** For every target, since one may be the context of another. `printed` is the output of `bake --print`. */
export function reachesOf(printed: string): Reaches {
  const targets = Object.entries(fields(fields(parsed(printed))['target']));
  const all = targets.map(([name, target]) => ofTarget(`target ${name}`, fields(target)));
  return {
    paths: all.flatMap(({ paths }) => paths),
    refused: all.flatMap(({ refused }) => refused),
  };
}

function ofTarget(target: string, definition: Fields): Reaches {
  const at = (name: string, text: string): readonly Reach[] => {
    const path = localPath(text);
    return path === undefined ? [] : [{ where: `${target}: ${name}`, path }];
  };
  const context = textOf(definition['context']) || '.';
  const dockerfile = textOf(definition['dockerfile']) || 'Dockerfile';
  const secrets = entries(definition['secret']).map((each) => secretOf(target, each));
  const folder = localPath(context);
  return {
    paths: [
      ...at('context', context),
      ...(folder === undefined
        ? at('dockerfile', dockerfile)
        : dockerfilePaths(folder, dockerfile)),
      ...Object.values(fields(definition['contexts'])).flatMap((each) =>
        at('contexts', textOf(each)),
      ),
      ...secrets.flatMap(({ paths }) => paths),
      ...stores.flatMap(([field, keys]) =>
        entries(definition[field]).flatMap((each) =>
          keys.flatMap((key) => (each[key] ? at(field, each[key]) : [])),
        ),
      ),
    ],
    refused: [
      ...secrets.flatMap(({ refused }) => refused),
      ...(entries(definition['ssh']).length > 0
        ? [`${target}: ssh is the runner's agent or key`]
        : []),
    ],
  };

  function dockerfilePaths(from: string, file: string): readonly Reach[] {
    const path =
      /^cwd:\/\//.test(file) || file.startsWith('/')
        ? (localPath(file) ?? file)
        : `${from}/${file}`;
    return ['', '.dockerignore'].map((end) => ({
      where: `${target}: dockerfile`,
      path: path + end,
    }));
  }
}

/** Where a file or folder of the runner is read or written. */
const stores = [
  ['output', ['dest']],
  ['cache-from', ['src']],
  ['cache-to', ['dest']],
] as const;

/** Without a source, it is the variable named like the id if there is one, else a file of that name. */
function secretOf(target: string, secret: Readonly<Record<string, string>>): Reaches {
  const id = secret['id'] ?? '';
  const path = secret['src'] ?? secret['source'];
  if (path === undefined || secret['env'] !== undefined || secret['type'] === 'env') {
    const name = secret['env'] ?? path ?? id;
    return { paths: [], refused: [`${target}: secret ${id} is the runner's variable ${name}`] };
  }
  return { paths: [{ where: `${target}: secret ${id}`, path }], refused: [] };
}

/** Undefined for anything fetched or built, and for images. */
function localPath(text: string): string | undefined {
  if (/^(?:https?|git|docker-image):\/\/|^target:|^(?:inline|tag):/i.test(text)) return undefined;
  return text.replace(/^(?:cwd|oci-layout|local|file):\/\//, '') || '.';
}

/** Parses `key=value,key=value` or the same as a map; a single one or a list. */
function entries(value: unknown): readonly Readonly<Record<string, string>>[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : value ? [value] : [];
  return items.map((item) => {
    if (isFields(item)) {
      return Object.fromEntries(Object.entries(item).map(([key, each]) => [key, textOf(each)]));
    }
    const pairs = textOf(item)
      .split(',')
      .map((pair) => {
        const [key = '', ...rest] = pair.split('=');
        return [key.trim().toLowerCase(), rest.join('=')] as const;
      });
    return Object.fromEntries(pairs);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const fields = (value: unknown): Fields => (isFields(value) ? value : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
