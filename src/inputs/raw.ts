// The inputs as strings, before any validation.

import { type Finding, finding } from '../core/errors.ts';
import { didYouMean } from '../core/readers.ts';
import { inputTable } from './contract.ts';

/** Input name in kebab-case → text as given. */
export type RawInputs = Readonly<Record<string, string | undefined>>;

/** The runner's `INPUT_*` variables as raw inputs, including undeclared ones. */
export function rawFromEnvironment(env: RawInputs): RawInputs {
  const given = Object.entries(env).filter(([name]) => name.startsWith('INPUT_'));
  return Object.fromEntries(given.map(([name, text]) => [name.slice(6).toLowerCase(), text]));
}

const declared = Object.keys(inputTable);
const letters = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** The declared name that was probably meant. */
export function closeName(name: string): string {
  const same = declared.find((each) => letters(each) === letters(name));
  const longer = declared.find((each) => name.length >= 6 && each.endsWith(`-${name}`));
  const match = same ?? longer;
  return match === undefined ? didYouMean(name, declared) : `; did you mean \`${match}\`?`;
}

/** Names are untrusted too: a workflow may compute them. */
const printable = (name: string) => name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 60);

/** An error for each undeclared input that is close to a declared one, a warning for the others. */
export function undeclared(raw: RawInputs): readonly Finding[] {
  const names = Object.keys(raw).filter((name) => !declared.includes(name));
  return names.map((name) => {
    const guess = closeName(name);
    const what = `Input \`${printable(name)}\` is not declared${guess || '.'}`;
    if (guess) return finding('input-invalid', what, { hint: 'Correct the name of the input.' });
    const hint = 'Remove it, or use a version of webgen-deploy that has it.';
    return finding('input-invalid', what, { severity: 'warning', hint });
  });
}
