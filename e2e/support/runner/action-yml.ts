// What action.yml promises the runner: inputs with defaults, and what to start.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

export interface ActionManifest {
  /** Every declared input; empty where it has no default. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly main: string;
  readonly post: string | undefined;
}

interface Raw {
  readonly inputs?: Readonly<Record<string, { readonly default?: unknown } | null>>;
  readonly runs: { readonly using: string; readonly main: string; readonly post?: string };
}

/** Reads `action.yml` of an action's folder; it must be for Node 24. */
export async function readAction(folder: string): Promise<ActionManifest> {
  const raw = parse(await readFile(join(folder, 'action.yml'), 'utf8')) as Raw;
  if (raw.runs.using !== 'node24') throw new Error(`action.yml uses ${raw.runs.using}`);
  const inputs = Object.entries(raw.inputs ?? {});
  const defaults = inputs.map(([name, input]) => [name, String(input?.default ?? '')] as const);
  return { defaults: Object.fromEntries(defaults), main: raw.runs.main, post: raw.runs.post };
}

/**
 * Fills expressions such as `${{ github.token }}` from `values` (`github.token` → text). One that
 * is not there throws: the runner would know it, this stand-in does not.
 */
export function evaluate(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{\s*([^}]*?)\s*\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the runner stand-in cannot evaluate ${name}`);
    return value;
  });
}
