// The preview as a comment: found by a hidden marker, and never too long for GitHub.

import { link } from './markdown.ts';
import type { Outcome } from './outcome.ts';

/** GitHub rejects comments above 65,536 characters; the rest is for the closing lines and the explanation. */
const mostCharacters = 64_000;

/** The comment's first line; both names are DNS labels, so nothing can end it early. */
export function commentMarker({ app, environment }: Pick<Outcome, 'app' | 'environment'>): string {
  return `<!-- webgen-deploy ${app} ${environment} -->`;
}

/** The marker and the page, cut at a line where it is too long. `runUrl` links to the whole page. */
export function commentBody(marker: string, page: string, runUrl: string): string {
  return `${marker}\n${cutAtLine(page, mostCharacters, runUrl)}`;
}

function cutAtLine(page: string, most: number, runUrl: string): string {
  if (page.length <= most) return page;
  const kept = page.slice(0, page.lastIndexOf('\n', most));
  const where = link('the summary of the run', runUrl);
  return `${kept}\n${closing(kept)}\n\n_Cut here: GitHub allows no more. ${where} has the rest._\n`;
}

/** Closes the fence and the folds that the cut left open. */
function closing(text: string): string {
  let fence = '';
  let folds = 0;
  for (const line of text.split('\n')) {
    const marks = /^`{3,}/.exec(line)?.[0] ?? '';
    if (fence) fence = line === fence ? '' : fence;
    else if (marks) fence = marks;
    else folds += count(line, '<details>') - count(line, '</details>');
  }
  return [fence, ...Array<string>(Math.max(0, folds)).fill('\n</details>')].join('\n').trimEnd();
}

const count = (line: string, part: string): number => line.split(part).length - 1;
