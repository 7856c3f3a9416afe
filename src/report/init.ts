// What `init` says: the files, and the commands that are left.
import type { InitDone } from '../init.ts';

/** For standard error. */
export function initErrors({ findings, files }: InitDone): readonly string[] {
  const kept = files.filter(({ state }) => state === 'kept').map(({ path }) => `  ${path}`);
  return findings.flatMap(({ what, hint }) => [what, ...kept, `  ${hint}`]);
}

export function initLines({ code, files, next }: InitDone, dryRun: boolean): readonly string[] {
  if (code !== 0) return [];
  const mark = { new: '+', overwritten: '~', unchanged: '=', kept: '!' };
  const title = dryRun ? 'Would write:' : 'Wrote:';
  const lines = files.map(({ path, state }) => {
    return `  ${mark[state]} ${path}${state === 'new' ? '' : ` (${state})`}`;
  });
  return [title, ...lines, ...(dryRun ? [] : ['', ...next])];
}

export function initJson({ findings, files, next }: InitDone): string {
  return `${JSON.stringify({ files, next, findings }, undefined, 2)}\n`;
}
