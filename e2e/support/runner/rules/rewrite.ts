// A workflow's text for act, so that GitHub's rules hold there too: each job sees secrets and variables
// of its own, and a last step lets out what the runner would. Pure.
import { isMap, isSeq, type Pair, parseDocument, type YAMLMap } from 'yaml';

/** A job of a file, in names: `HUB_DEPLOY__BUILD`. */
export const placeOf = (file: string, job: string) =>
  `${file}__${job}`.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');

/** What a job reads instead of `secrets.NAME` or `vars.NAME`. */
export const nameAt = (name: string, place: string) => `${name}__${place}`;

/** Id of the step that is added. */
export const filterStep = 'github-rules';

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

interface Source {
  readonly text: string;
  readonly file: string;
  readonly self: string | undefined;
}

/** By what stands behind `uses:`, the places of a called workflow's jobs. */
export type Places = Readonly<Record<string, readonly string[]>>;

/**
 * Throws where a text cannot be changed without changing what it does. `self`, of a called workflow:
 * the repository that it is in, `job.workflow_repository`, which act does not know
 * (docs.github.com/actions/reference/workflows-and-actions/contexts).
 */
export function rewrite(text: string, file: string, called: Places = {}, self?: string): string {
  const jobs = parseDocument(text).get('jobs');
  if (!isMap(jobs)) throw new Error(`${file}: no jobs`);
  const spans = jobs.items.map((pair) => spanOf(pair));
  const outside = holesIn(text, 0, text.length).filter(
    ({ from }) => !spans.some(([start, end]) => from >= start && from < end),
  );
  const strange = outside.find(({ text: hole }) => reference.test(hole));
  if (strange) throw new Error(`${file}: ${strange.text} stands outside of a job`);
  const edits = jobs.items.flatMap((pair) => jobEdits({ text, file, self }, pair, called));
  return edits
    .sort((one, other) => other.from - one.from)
    .reduce((all, { from, to, text: put }) => all.slice(0, from) + put + all.slice(to), text);
}

const reference = /\b(secrets|vars)\.([A-Za-z_][\w-]*)/;

function holesIn(text: string, from: number, to: number): readonly Edit[] {
  const holes = text.slice(from, to).matchAll(/\$\{\{(?:(?!\}\}).)*\}\}/gs);
  return [...holes].map(({ 0: hole, index }) => ({
    ...{ from: from + index, to: from + index + hole.length, text: hole },
  }));
}

function rangeOf(node: unknown): readonly [number, number] {
  if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
    return [Number(node.range[0]), Number(node.range[1])];
  }
  throw new Error('a part of a workflow without a place in its text');
}

function spanOf({ key, value }: Pair): readonly [number, number] {
  return [rangeOf(key)[0], rangeOf(value)[1]];
}

function jobEdits(source: Source, pair: Pair, called: Places): readonly Edit[] {
  const job = pair.value;
  if (!isMap(job)) throw new Error(`${source.file}: ${pair.key} is no job`);
  const place = placeOf(source.file, String(pair.key));
  const secrets = job.items.find(({ key }) => String(key) === 'secrets');
  const outputs = job.get('outputs');
  const outputEdits = isMap(outputs) ? filterEdits(source, job, outputs, place) : [];
  const changed = [
    ...outputEdits.map(({ from, to }) => [from, to] as const),
    ...(secrets && isMap(secrets.value) ? [rangeOf(secrets.value)] : []),
  ];
  const isChanged = ({ from }: Edit) => changed.some(([start, end]) => from >= start && from < end);
  const [from, to] = spanOf(pair);
  return [
    ...holesIn(source.text, from, to)
      .filter((hole) => !isChanged(hole))
      .map((hole) => ({ ...hole, text: renamed(hole.text, place, source.self) })),
    ...outputEdits,
    ...(secrets && isMap(secrets.value)
      ? [passedTo(source, secrets.value, called[String(job.get('uses'))] ?? [])]
      : []),
  ];
}

function renamed(hole: string, place: string, self?: string): string {
  if (/\b(secrets|vars)\b(?!\.[A-Za-z_])/.test(hole)) throw new Error(`${hole} names no secret`);
  const known = self === undefined ? hole : hole.replaceAll('job.workflow_repository', `'${self}'`);
  return known.replaceAll(new RegExp(reference, 'g'), (all, context: string, name: string) =>
    name === 'GITHUB_TOKEN' ? all : `${context}.${nameAt(name, place)}`,
  );
}

/** A caller passes every secret once for every job of the called workflow. */
function passedTo({ text }: Source, secrets: YAMLMap, places: readonly string[]): Edit {
  const [from, end] = rangeOf(secrets);
  const to = from + text.slice(from, end).trimEnd().length;
  const indent = ' '.repeat(from - text.lastIndexOf('\n', from - 1) - 1);
  const names = secrets.items.flatMap(({ key }) => places.map((at) => nameAt(String(key), at)));
  const lines = names.map((name) => `${name}: \${{ secrets.${name} }}`);
  return { from, to, text: lines.join(`\n${indent}`) };
}

/** The outputs come from a last step, which knows the job's masks. */
function filterEdits(
  { text, file }: Source,
  job: YAMLMap,
  outputs: YAMLMap,
  place: string,
): readonly Edit[] {
  const steps = job.get('steps');
  const isLast = String(job.items.at(-1)?.key) === 'steps';
  if (!isSeq(steps) || !isLast) throw new Error(`${file}: the steps of ${place} are not its end`);
  const [first, end] = [rangeOf(steps)[0], rangeOf(steps)[1]];
  const at = text.slice(0, end).trimEnd().length;
  const indent = ' '.repeat(first - text.lastIndexOf('\n', first - 1) - 1);
  const all = outputs.items.map(({ key, value }, index) => ({
    ...{ name: String(key), value: value as unknown, variable: `WEBGEN_RULES_${index}` },
  }));
  const lines = [
    '- name: What the runner lets out of the job',
    `  id: ${filterStep}`,
    '  if: ${{ always() }}',
    '  shell: bash',
    '  env:',
    `    WEBGEN_RULES_PLACE: ${place}`,
    `    WEBGEN_RULES_OUTPUTS: ${all.map(({ name }) => name).join(' ')}`,
    ...all.map(({ variable, value }) => `    ${variable}: ${renamed(String(value), place)}`),
    '  run: node --no-warnings "$WEBGEN_RULES_FILTER"',
  ];
  return [
    ...all.map(({ name, value }) => {
      const [from, to] = rangeOf(value);
      return { from, to, text: `\${{ steps.${filterStep}.outputs.${name} }}` };
    }),
    { from: at, to: at, text: `\n${lines.map((line) => indent + line).join('\n')}` },
  ];
}
