// Reads the `build` input: a YAML list of images, every problem of every entry at once.
import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import type { Finding } from '../core/errors.ts';
import { didYouMean, invalid, type Reader, shown } from '../core/readers.ts';
import { readYaml } from '../core/small-yaml.ts';
import type { ImageBuild } from '../images/request.ts';
import { buildArgs, type Refuse, secretIds, texts } from './build-fields.ts';

const keys = [
  'name',
  'context',
  'dockerfile',
  'target',
  'build-args',
  'platforms',
  'secrets',
  'cache',
] as const;

const form =
  'Write a YAML list: `- name: backend`, and below it `context: backend` and what else it needs.';

/** Lines of the YAML count from 1 within the input. */
export const imageBuilds: Reader<readonly ImageBuild[]> = (text, name) => {
  const yaml = readYaml(text);
  if ('problem' in yaml) {
    return { findings: [invalid(name, `line ${yaml.line} ${yaml.problem}`, form)] };
  }
  const { contents } = yaml.yaml;
  const list = isMap(contents) ? [contents] : contents;
  const items = Array.isArray(list) ? list : isSeq(list) ? list.items : [];
  if (items.length === 0) return { findings: [invalid(name, 'is not a list of images', form)] };
  const read = items.map((item, index) => readImage(item, { name, index }));
  const findings = [
    ...read.flatMap((each) => each.findings),
    ...sameNames(
      name,
      read.map(({ image }) => image.name),
    ),
  ];
  return findings.length > 0 ? { findings } : { value: read.map(({ image }) => image) };
};

interface Place {
  readonly name: string;
  readonly index: number;
}

function readImage(
  item: unknown,
  { name, index }: Place,
): { readonly image: ImageBuild; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const own = isMap(item) ? item.get('name') : undefined;
  const entry = typeof own === 'string' && own !== '' ? `of \`${own}\`` : `entry ${index + 1}`;
  const refuse: Refuse = (what, hint) => {
    findings.push(invalid(name, `${entry} ${what}`, hint));
  };
  if (!isMap(item)) refuse('is not a map with a `name`', form);
  const map = isMap(item) ? item : undefined;
  if (map) unknownKeys(map, refuse);
  const image = {
    name: imageName(map, refuse),
    context: folder(map, refuse) ?? '.',
    ...optional('dockerfile', insidePath(map, 'dockerfile', refuse)),
    ...optional('target', word(map, 'target', refuse)),
    buildArgs: buildArgs(map?.get('build-args'), refuse),
    platforms: platforms(map, refuse),
    secrets: secretIds(map?.get('secrets'), refuse),
    cache: cache(map, refuse),
  };
  return { image, findings };
}

function optional<K extends string>(
  key: K,
  value: string | undefined,
): { readonly [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: string };
}

function unknownKeys(map: YAMLMap, refuse: Refuse): void {
  for (const { key } of map.items) {
    const text = isScalar(key) ? String(key.value) : '';
    if (keys.some((each) => each === text)) continue;
    const guess = didYouMean(text, keys) || '.';
    refuse(`has the key ${shown(text)}, which is unknown${guess}`, `Keys: ${keys.join(', ')}.`);
  }
}

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const repositoryPath = new RegExp(`^${component}(?:/${component})*$`);

function imageName(map: YAMLMap | undefined, refuse: Refuse): string {
  const value = map?.get('name');
  if (value === undefined && map) {
    refuse('has no `name`', 'Name the image as its repository ends: `name: backend`.');
  }
  const text = typeof value === 'string' ? value : '';
  if (value === undefined || (text.length <= 128 && repositoryPath.test(text))) return text;
  const hint = 'Use lower-case letters, digits and inner `.`, `_`, `-`, `/`; no registry, no tag.';
  refuse(`has a \`name\` that is ${shown(String(value))}, not the end of a repository`, hint);
  return '';
}

/** The context; undefined means the workspace itself. */
function folder(map: YAMLMap | undefined, refuse: Refuse): string | undefined {
  return insidePath(map, 'context', refuse);
}

/** A path in the workspace: only checked-out files are built. */
function insidePath(
  map: YAMLMap | undefined,
  key: 'context' | 'dockerfile',
  refuse: Refuse,
): string | undefined {
  const text = word(map, key, refuse);
  if (text === undefined) return undefined;
  if (/^[a-z][a-z0-9+.-]*:\/\/|^git@|^-$/i.test(text)) {
    refuse(`has a \`${key}\` that is not a path`, 'Check the sources out, and name their folder.');
    return undefined;
  }
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  const depth = parts.reduce<number>(
    (at, part) => (at < 0 ? at : at + (part === '..' ? -1 : 1)),
    0,
  );
  if (!text.startsWith('/') && (depth >= 0 || key === 'dockerfile')) return parts.join('/') || '.';
  refuse(`has a \`${key}\` outside the workspace`, 'Write a path relative to the workspace.');
  return undefined;
}

function word(map: YAMLMap | undefined, key: string, refuse: Refuse): string | undefined {
  const value = map?.get(key);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && /^[\x20-\x7e]{1,500}$/.test(value)) return value;
  refuse(`has a \`${key}\` that is not a line of text`, `Write \`${key}: …\`.`);
  return undefined;
}

function platforms(map: YAMLMap | undefined, refuse: Refuse): readonly string[] {
  const all = texts(map?.get('platforms'), (what) =>
    refuse(`has \`platforms\` ${what}`, 'Write `platforms: [linux/amd64, linux/arm64]`.'),
  );
  return all.filter((each) => {
    if (/^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9]+)?$/.test(each)) return true;
    refuse(`has the platform ${shown(each)}`, 'Write it as os/architecture: linux/arm64.');
    return false;
  });
}

const caches = ['auto', 'gha', 'registry', 'none'] as const;

function cache(map: YAMLMap | undefined, refuse: Refuse): ImageBuild['cache'] {
  const value = map?.get('cache');
  if (value === undefined || value === null) return 'auto';
  if (value === false) return 'none';
  const found = caches.find((each) => each === value);
  if (found) return found;
  const guess = didYouMean(String(value), caches) || ', which is not a valid choice';
  refuse(`has the cache ${shown(String(value))}${guess}`, `Use ${caches.join(', ')}.`);
  return 'auto';
}

function sameNames(input: string, names: readonly string[]): readonly Finding[] {
  const doubled = new Set(names.filter((name, at) => name !== '' && names.indexOf(name) !== at));
  return [...doubled].map((name) =>
    invalid(input, `names \`${name}\` twice`, 'Give every image a name of its own.'),
  );
}
