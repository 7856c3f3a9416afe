// The output of `init`: the files, and the remaining commands.
import type { InitDone } from './init.ts';

/** For standard error. */
export function initErrors({ findings, files }: InitDone): readonly string[] {
  const kept = files.filter(({ state }) => state === 'kept').map(({ path }) => `  ${path}`);
  return findings.flatMap(({ what, hint }) => [what, ...kept, `  ${hint}`]);
}

export function initLines(
  { code, files, notes, next }: InitDone,
  dryRun: boolean,
): readonly string[] {
  if (code !== 0) return [];
  const mark = { new: '+', overwritten: '~', unchanged: '=', kept: '!', left: '=' };
  const words = {
    overwritten: 'overwritten',
    unchanged: 'unchanged',
    kept: 'kept',
    left: 'yours, left as it is',
  };
  const title = dryRun ? 'Would write:' : 'Wrote:';
  const lines = files.map(({ path, state }) => {
    return `  ${mark[state]} ${path}${state === 'new' ? '' : ` (${words[state]})`}`;
  });
  return [title, ...lines, '', ...notes, ...(dryRun ? [] : ['', ...next])];
}

export function initJson({ findings, files, notes, next }: InitDone): string {
  return `${JSON.stringify({ files, notes, next, findings }, undefined, 2)}\n`;
}
