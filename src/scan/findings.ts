// The findings of a scan: fatal with `gate`, a warning with `report`.
import { type Finding, finding, type Severity } from '../core/errors.ts';
import { clip, counted } from '../core/text.ts';
import type { FileToScan } from './files-to-scan.ts';
import { severityCounts } from './gate.ts';
import type { Problem } from './problems.ts';
import type { ScanResult } from './result.ts';

/** The rest is in the summary's table and in the report files. */
const mostShown = 12;

/** `CRITICAL CVE-2025-1 bash 5.2 → 5.3: title`, `HIGH KSV-0017 line 9: title`. */
export function problemLine(problem: Problem): string {
  const { severity, id, title, package: name, installed, fixed, status, line, target } = problem;
  const words = clip(title, 160);
  if (problem.kind === 'vulnerability') {
    const way =
      fixed === undefined ? `(${(status ?? 'no fix').replaceAll('_', ' ')})` : `→ ${fixed}`;
    return `${severity} ${id} ${name} ${installed} ${way}: ${words}`;
  }
  const place = problem.kind === 'secret' ? ` ${target}${line ? `:${line}` : ''}` : '';
  return `${severity} ${id}${place}: ${words}`;
}

function shown(problems: readonly Problem[]): readonly string[] {
  const lines = problems.slice(0, mostShown).map(problemLine);
  const more = problems.length - lines.length;
  return more > 0 ? [...lines, `… and ${more} more`] : lines;
}

function adviceFor(problems: readonly Problem[]): string {
  const updates = problems.flatMap(({ package: name, fixed }) => (name && fixed ? [name] : []));
  const names = [...new Set(updates)];
  const some = `${names.slice(0, 5).join(', ')}${names.length > 5 ? ' and others' : ''}`;
  const first = names.length > 0 ? `Update ${some}, or build on a newer base image.` : '';
  const secret = problems.some(({ kind }) => kind === 'secret')
    ? 'Take the secret out of the image, and replace it where it is valid.'
    : '';
  const rest = 'Accept what cannot be helped in .trivyignore.yaml, with statement and expired_at.';
  return [first, secret, rest].filter(Boolean).join(' ');
}

function imageFinding(result: ScanResult, severity: Severity): Finding {
  const { counting, known, name } = result;
  const fresh = result.comparedWith.length > 0 ? ' that the running one has not' : '';
  const what = `Image ${name} has ${counted(counting.length, 'problem')}${fresh}: ${severityCounts(counting)}.`;
  const old = known.length > 0 ? [`${known.length} more that run already do not count`] : [];
  return finding('image-vulnerable', what, {
    severity,
    object: `Image/${name}`,
    evidence: [...shown(counting), ...old],
    hint: adviceFor(counting),
  });
}

const filesHint =
  'Correct the field that is named, or accept the id in .trivyignore.yaml under misconfigurations, with paths, statement and expired_at.';

/** One for each object and Dockerfile: with `gate`, each has to be corrected. */
function fileFindings(
  { counting }: ScanResult,
  sources: readonly FileToScan[],
  severity: Severity,
): readonly Finding[] {
  return [...Map.groupBy(counting, ({ target }) => target)].map(([target, problems]) => {
    const source = sources.find(({ path }) => path === target);
    const line = source?.object === undefined ? problems[0]?.line : source.line;
    const what = `${source?.object ?? source?.file ?? target} has ${counted(problems.length, 'weak setting')}: ${severityCounts(problems)}.`;
    return finding('manifest-insecure', what, {
      severity,
      ...(source?.object === undefined ? {} : { object: source.object }),
      ...(source?.namespace === undefined ? {} : { namespace: source.namespace }),
      ...(source === undefined ? {} : { file: source.file }),
      ...(line === undefined ? {} : { line }),
      evidence: shown(problems),
      hint: filesHint,
    });
  });
}

/** With `report`, one for all of them: a warning for each would bury more important ones. */
function filesSummary({ counting }: ScanResult): Finding {
  const places = new Set(counting.map(({ target }) => target)).size;
  const what = `Weak settings in ${counted(places, 'place')} of the manifests and Dockerfiles: ${severityCounts(counting)}.`;
  return finding('manifest-insecure', what, {
    severity: 'warning',
    evidence: shown(counting),
    hint: filesHint,
  });
}

export function findingsOf(
  result: ScanResult,
  sources: readonly FileToScan[],
  severity: Severity,
): readonly Finding[] {
  if (result.state !== 'found') return [];
  if (result.kind === 'image') return [imageFinding(result, severity)];
  return severity === 'fatal' ? fileFindings(result, sources, severity) : [filesSummary(result)];
}
