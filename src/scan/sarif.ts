// SARIF for GitHub's code scanning: each image has its own category, else the last upload wins.
import { isFields } from '../kube/json.ts';

/** GitHub's limits for one upload: a larger list of results is refused as a whole. */
const mostResults = 25_000;

/** The scanner's SARIF with a category for every run; undefined if it is not SARIF. */
export function categorised(sarif: string, category: string): string | undefined {
  const document = parsed(sarif);
  const runs = document?.['runs'];
  if (!document || !Array.isArray(runs) || !runs.every(isFields)) return undefined;
  // The id's part before the last slash is the category.
  const automationDetails = { id: `${category}/` };
  const named = runs.map((run) => ({ ...run, ...limited(run), automationDetails }));
  return JSON.stringify({ ...document, runs: named });
}

function limited(run: Readonly<Record<string, unknown>>) {
  const { results } = run;
  return Array.isArray(results) ? { results: results.slice(0, mostResults) } : {};
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
