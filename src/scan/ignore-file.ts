// .trivyignore and .trivyignore.yaml: parsed strictly, merged into the one file that Trivy accepts.
import { isMap, isScalar, isSeq, stringify } from 'yaml';
import { type Finding, finding, type Severity } from '../core/errors.ts';
import { readYaml } from '../core/small-yaml.ts';
import { clip, counted, oneLine } from '../core/text.ts';

const sections = ['vulnerabilities', 'misconfigurations', 'secrets', 'licenses'] as const;
type Section = (typeof sections)[number];

interface Entry {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly sections: readonly Section[];
  readonly paths?: readonly string[];
  readonly purls?: readonly string[];
  /** The day, UTC, at whose start it expires: `2026-12-31`. */
  readonly expires?: string;
  readonly statement?: string;
}

export interface IgnoreFile {
  /** As it is shown: `.trivyignore.yaml`. */
  readonly file: string;
  readonly text: string;
}

export interface Ignored {
  /** For Trivy's `--ignorefile`, YAML; absent if nothing is accepted. */
  readonly text?: string;
  readonly findings: readonly Finding[];
}

interface Read {
  readonly entries: readonly Entry[];
  readonly findings: readonly Finding[];
}

export const ignoreFileNames = ['.trivyignore', '.trivyignore.yaml'] as const;

/** How many days before an entry expires every run warns. */
const noticeDays = 14;

/** `now` is milliseconds since the epoch; `severity` is that of an unreadable line. */
export function readIgnoreFiles(
  files: readonly IgnoreFile[],
  { now, severity }: { readonly now: number; readonly severity: Severity },
): Ignored {
  const read = files.map((each) =>
    /\.ya?ml$/.test(each.file) ? readEntries(each, severity) : readPlain(each, severity),
  );
  const entries = read.flatMap((each) => each.entries);
  const valid = entries.filter((each) => daysLeft(each, now) > 0);
  const findings = [...read.flatMap((each) => each.findings), ...expiries(entries, now)];
  return valid.length === 0 ? { findings } : { text: joined(valid), findings };
}

function problem(
  { file, line }: { readonly file: string; readonly line: number },
  what: string,
  severity: Severity,
): Finding {
  const hint =
    'Correct the line: a date is written 2026-12-31; ids stand one a line, or under id:.';
  return finding('input-invalid', `${file} line ${line} ${what}.`, { severity, file, line, hint });
}

const isDate = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(dayOf(text));
const dayOf = (text: string) => Date.parse(`${text}T00:00:00Z`);

/** Lines `ID` or `ID exp:2026-12-31`. Trivy itself silently drops a line with a wrong date. */
function readPlain({ file, text }: IgnoreFile, severity: Severity): Read {
  const findings: Finding[] = [];
  const entries = text.split(/\r\n|\r|\n/).flatMap((written, index): readonly Entry[] => {
    const place = { file, line: index + 1 };
    const [id = '', ...more] = written.trim().split(/\s+/);
    if (id === '' || id.startsWith('#')) return [];
    const date = more.find((each) => each.startsWith('exp:'))?.slice(4);
    if (date === undefined) return [{ id, ...place, sections }];
    if (isDate(date)) return [{ id, ...place, sections, expires: date }];
    findings.push(problem(place, 'has an expiry that is not a date', severity));
    return [];
  });
  return { entries, findings };
}

const keys = new Set(['id', 'paths', 'purls', 'expired_at', 'statement']);

function readEntries({ file, text }: IgnoreFile, severity: Severity): Read {
  const read = readYaml(text);
  if ('problem' in read) {
    const { problem: what, line } = read;
    return { entries: [], findings: [problem({ file, line }, what, severity)] };
  }
  const { contents: top, lineOf: line } = read.yaml;
  const findings: Finding[] = [];
  const wrong = (node: unknown, what: string) => {
    findings.push(problem({ file, line: line(node) }, what, severity));
    return [];
  };
  if (top === null) return { entries: [], findings };
  if (!isMap(top)) return { entries: wrong(top, 'is not a mapping of lists'), findings };
  const entries = top.items.flatMap(({ key, value }): readonly Entry[] => {
    const section = sections.find((each) => isScalar(key) && each === key.value);
    if (!section) return wrong(key, `has a key that is none of: ${sections.join(', ')}`);
    if (value === null || (isScalar(value) && value.value === null)) return [];
    if (!isSeq(value)) return wrong(value, 'is not a list');
    return value.items.flatMap((item) => {
      const found = isMap(item) ? item.toJSON() : undefined;
      const place = { file, line: line(item) };
      const entry = entryOf(found, section, place);
      return typeof entry === 'string' ? wrong(item, entry) : [entry];
    });
  });
  const silent = entries.filter(({ statement, expires }) => !statement || !expires);
  return { entries, findings: [...findings, ...silent.map(withoutReason)] };
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

/** The entry, or what is wrong with it. */
function entryOf(
  found: Readonly<Record<string, unknown>> | undefined,
  section: Section,
  place: { readonly file: string; readonly line: number },
): Entry | string {
  const { id, paths = [], purls = [], expired_at: expires, statement = '' } = found ?? {};
  // With a misspelt `expired_at` the entry would never expire.
  const odd = Object.keys(found ?? {}).find((key) => !keys.has(key));
  if (odd !== undefined) return `has the unknown key ${clip(oneLine(odd), 40)}`;
  if (typeof id !== 'string' || id === '') return 'has no id';
  if (!isTexts(paths) || !isTexts(purls)) return 'has paths or purls that are no list of texts';
  if (typeof statement !== 'string') return 'has a statement that is not a text';
  if (expires !== undefined && !(typeof expires === 'string' && isDate(expires))) {
    return 'has an expired_at that is not a date';
  }
  return {
    id,
    ...place,
    sections: [section],
    ...(paths.length > 0 ? { paths } : {}),
    ...(purls.length > 0 ? { purls } : {}),
    ...(expires === undefined ? {} : { expires }),
    ...(statement === '' ? {} : { statement }),
  };
}

function withoutReason({ id, file, line, statement }: Entry): Finding {
  const what = `${file} accepts ${clip(oneLine(id), 100)} ${statement ? 'for ever' : 'without a statement'}.`;
  const hint =
    'Give the entry a statement that says why, and expired_at: the day to look at it again.';
  return finding('exception-expiring', what, { severity: 'note', file, line, hint });
}

/** Whole days until it expires; infinite if it never does. */
function daysLeft({ expires }: Entry, now: number): number {
  if (expires === undefined) return Number.POSITIVE_INFINITY;
  return Math.ceil((dayOf(expires) - now) / 86_400_000);
}

function expiries(entries: readonly Entry[], now: number): readonly Finding[] {
  return entries.flatMap((entry) => {
    const days = daysLeft(entry, now);
    if (days > noticeDays) return [];
    const { file, line } = entry;
    const id = clip(oneLine(entry.id), 100);
    const what =
      days > 0
        ? `${file} accepts ${id} for ${counted(days, 'more day')} only, until ${entry.expires}.`
        : `${file} accepts ${id} no more: the entry ended on ${entry.expires}.`;
    const hint = 'Fix it, or look at it again and set a later day.';
    return [finding('exception-expiring', what, { severity: 'warning', file, line, hint })];
  });
}

function joined(entries: readonly Entry[]): string {
  const of = (section: Section) =>
    entries
      .filter((each) => each.sections.includes(section))
      .map(({ id, paths, purls, statement }) => ({ id, paths, purls, statement }));
  return stringify(Object.fromEntries(sections.map((section) => [section, of(section)])), {
    keepUndefined: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
}
