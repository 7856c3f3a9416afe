// The lines of `manifests` → the files, kustomization folders and addresses to load, each once.
import { extname, join } from 'node:path';
import { type Finding, finding } from '../../core/errors.ts';
import { type Entry, entryFinding, readEntries } from './entries.ts';
import { type Found, isInside, outsideFinding } from './places.ts';
import { type LocalPlace, recognise, type Search, type Source } from './sources.ts';

export interface Sources {
  readonly sources: readonly Source[];
  readonly findings: readonly Finding[];
}

/** A folder means the files directly in it, as with kubectl; `folder/**` + `/*.yaml` goes deeper. */
export async function findSources(lines: readonly string[], search: Search): Promise<Sources> {
  const { included, excluded, findings } = readEntries(lines);
  const barred = await Promise.all(excluded.map((entry) => exclusion(entry, search)));
  const paths = barred.flatMap((each) => each.paths);
  const found = await Promise.all(included.map((entry) => sourcesOf(entry, search)));
  const results = found.map((each, index) => without(each, paths, included[index]?.text ?? ''));
  return {
    sources: once(results.flatMap((each) => each.sources)),
    findings: [
      ...findings,
      ...barred.flatMap((each) => each.findings),
      ...results.flatMap((each) => each.findings),
    ],
  };
}

/** Files of a manifest folder, by kubectl's own list of endings. */
function isManifest(path: string): boolean {
  return ['.yaml', '.yml', '.json'].includes(extname(path));
}

async function sourcesOf(entry: Entry, search: Search): Promise<Sources> {
  if (entry.by === 'remote') {
    const { url, sha256, text } = entry;
    return { sources: [{ by: 'remote', url, sha256, shown: text }], findings: [] };
  }
  return entry.by === 'glob' ? globbed(entry, search) : named(entry, search);
}

async function named(entry: Entry, search: Search): Promise<Sources> {
  const { places } = search;
  const found = await places.find(entry.text);
  if (!found) {
    const hint = 'Correct the path; it is relative to the root of the repository.';
    return nothing(entryFinding(entry.text, 'does not exist', hint));
  }
  if (!places.mayRead(found)) return nothing(outsideFinding(places.show(found.path)));
  const source = await recognise(found, { ...search, isNamed: true });
  if (source) return { sources: [source], findings: [] };
  if (found.kind === 'folder') return folder(entry, found, search);
  return nothing(entryFinding(entry.text, 'is not a file', 'Name a file or a folder.'));
}

async function folder(entry: Entry, found: Found, search: Search): Promise<Sources> {
  const names = (await search.files.list(found.path)).filter(isManifest).toSorted();
  const inside = await filesAt(
    names.map((name) => join(found.path, name)),
    search,
  );
  if (inside.sources.length > 0 || inside.findings.length > 0) return inside;
  const what = 'is a folder without any .yaml, .yml or .json file';
  return nothing(
    entryFinding(
      entry.text,
      what,
      `Folders below it are not read; name them, or write ${entry.text}/**/*.yaml.`,
    ),
  );
}

async function globbed(entry: Entry, search: Search): Promise<Sources> {
  const hits = await search.files.glob(entry.text, search.places.absolute('.'));
  const found = await filesAt(hits.filter(isManifest).toSorted(), search);
  if (found.sources.length > 0 || found.findings.length > 0) return found;
  const hint = 'Correct the pattern; it starts at the root of the repository.';
  return nothing(entryFinding(entry.text, 'matches no .yaml, .yml or .json file', hint));
}

async function filesAt(paths: readonly string[], search: Search): Promise<Sources> {
  const { places } = search;
  const results = await Promise.all(
    paths.map(async (path): Promise<Sources> => {
      const found = await places.find(path);
      if (!found) return nothing(brokenLink(places.show(path)));
      if (!places.mayRead(found)) return nothing(outsideFinding(places.show(path)));
      const source = await recognise(found, { ...search, isNamed: false });
      return { sources: source ? [source] : [], findings: [] };
    }),
  );
  return {
    sources: results.flatMap((each) => each.sources),
    findings: results.flatMap((each) => each.findings),
  };
}

function brokenLink(shown: string): Finding {
  return finding('manifest-invalid', `${shown} is a link that leads nowhere.`, { file: shown });
}

function nothing(problem: Finding): Sources {
  return { sources: [], findings: [problem] };
}

async function exclusion(entry: Entry, { files, places }: Search) {
  const paths =
    entry.by === 'glob'
      ? await files.glob(entry.text, places.absolute('.'))
      : [places.absolute(entry.text)];
  const found = await Promise.all(paths.map((path) => places.find(path)));
  const there = found.flatMap((each) => (each ? [each.path, each.real] : []));
  if (there.length > 0) return { paths: there, findings: [] };
  const hint = 'Correct or remove the line; it may have been meant for a file that has moved.';
  const problem = entryFinding(`-${entry.text}`, 'excludes nothing', hint);
  return { paths: [], findings: [{ ...problem, severity: 'warning' as const }] };
}

function without(found: Sources, barred: readonly string[], entry: string): Sources {
  const isBarred = ({ path, real }: LocalPlace) =>
    barred.some((each) => isInside(path, each) || isInside(real, each));
  const sources = found.sources.filter((each) => each.by === 'remote' || !isBarred(each));
  if (sources.length > 0 || found.sources.length === 0) return { ...found, sources };
  const hint = 'Remove the line, or the line with the dash that excludes all of it.';
  const problem = entryFinding(entry, 'names only files that are excluded', hint);
  return { sources, findings: [...found.findings, problem] };
}

/** A file that several lines name is loaded once, at its first place. */
function once(sources: readonly Source[]): readonly Source[] {
  const byKey = new Map<string, Source>();
  for (const source of sources) {
    const key = source.by === 'remote' ? source.url : source.real;
    if (!byKey.has(key)) byKey.set(key, source);
  }
  return [...byKey.values()];
}
