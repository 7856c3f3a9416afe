// The last step of a job under act: its outputs, without those that the runner would drop.
// Runs by itself, on the job's own variables; nothing of it may need a package.
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { masksOf, outputsOf, skipped } from './masks.ts';
import { allRules, type RuleName, without } from './table.ts';

/** What a run's rules are kept in, in the folder WEBGEN_RULES. */
export const fileNames = {
  /** JSON: the secrets that reach the job at this place. */
  secrets: (place: string) => `secrets-${place}.json`,
  /** One JSON string a line: what steps of the job asked to mask. */
  masks: (job: string) => `masks-${job}.jsonl`,
  /** JSON: names of the rules that are left out. */
  without: 'without.json',
};

const env = (name: string) => process.env[name] ?? '';

async function linesOf(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

async function filter(): Promise<void> {
  const at = (name: string) => join(env('WEBGEN_RULES'), name);
  const json = async (name: string) => JSON.parse(await readFile(at(name), 'utf8'));
  const out: readonly RuleName[] = await json(fileNames.without);
  const rules = out.length === 0 ? allRules : without(...out);
  const secrets: readonly string[] = await json(fileNames.secrets(env('WEBGEN_RULES_PLACE')));
  const added = await linesOf(at(fileNames.masks(env('GITHUB_JOB'))));
  const names = env('WEBGEN_RULES_OUTPUTS').split(' ');
  const outputs = names.map((name, index) => [name, env(`WEBGEN_RULES_${index}`)]);
  const masks = masksOf(secrets, added, rules);
  const { kept, dropped } = outputsOf(Object.fromEntries(outputs), masks, rules);
  for (const name of dropped) console.log(`::warning::${skipped(name)}`);
  const end = `END-${crypto.randomUUID()}`;
  const texts = Object.entries(kept).map(([name, text]) => `${name}<<${end}\n${text}\n${end}\n`);
  await appendFile(env('GITHUB_OUTPUT'), texts.join(''));
}

if (process.argv[1] === import.meta.filename) await filter();
