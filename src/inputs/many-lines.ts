// Multi-line secrets: GitHub's runner masks every line of a secret, however short, and drops each
// job output that contains a masked text (actions/runner, Worker.cs and JobExtension.cs).
import type { RunContext } from '../core/context.ts';
import { type Finding, finding, type Severity } from '../core/errors.ts';
import { kubeconfigText } from './kubeconfig.ts';
import type { RawInputs } from './raw.ts';
import { onOneLine, readSecretsText, storeSecrets } from './secret-lines.ts';

/** A shorter line may be part of a name or a message by chance. */
const shortest = 12;

const filled = (text: string): readonly string[] =>
  text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** The command that stores the key on one line, otherwise unchanged. */
export const storeKey = (environment: string, file = 'key.json'): string =>
  `jq -c . ${file} | gh secret set YC_SA_JSON_CREDENTIALS --env ${environment}`;

/**
 * A finding for each secret that has several lines; none on a terminal, where nothing masks by
 * line. `environment` is GitHub's, for the command that stores the secret again; empty: unknown.
 */
export function manyLineFindings(
  raw: RawInputs,
  { on }: RunContext,
  environment: string,
): readonly Finding[] {
  if (on !== 'github') return [];
  const place = environment || '<environment>';
  return [...ofKey(raw, place), ...ofKubeconfig(raw, place), ...ofSecrets(raw, place)];
}

/** The number of lines of a multi-line JSON key; 0 if masking each line is harmless: base64 in lines. */
export function linesOfKey(text: string): number {
  const { length } = filled(text);
  return length > 1 && text.includes('{') ? length : 0;
}

function ofKey(raw: RawInputs, environment: string): readonly Finding[] {
  const length = linesOfKey(raw['yc-sa-json-credentials'] ?? '');
  if (length === 0) return [];
  const evidence = [
    'a lone brace is one of them, so that GitHub may drop every output of a job that is JSON: digests, images, changes, findings',
  ];
  const hint = `Store the key on one line: ${storeKey(environment)}`;
  return [manyLines('yc-sa-json-credentials', length, 'warning', { evidence, hint })];
}

function ofKubeconfig(raw: RawInputs, environment: string): readonly Finding[] {
  const text = (raw['kubeconfig'] ?? '').trim();
  const { length } = filled(text);
  if (length < 2 || kubeconfigText(text) !== text) return [];
  const evidence = ['a job loses its outputs that hold one of them, such as a name'];
  const hint = `Store it as base64: ${onOneLine('kubeconfig.yaml')} | gh secret set KUBECONFIG --env ${environment}`;
  return [manyLines('kubeconfig', length, 'warning', { evidence, hint })];
}

/**
 * A note if every line is an entry of its own or long: nothing else is then masked by chance, and
 * the lines may come from the workflow, around single-line secrets.
 */
function ofSecrets(raw: RawInputs, environment: string): readonly Finding[] {
  const text = raw['secrets'] ?? '';
  const all = filled(text);
  if (all.length < 2 || readSecretsText(text).form !== 'plain') return [];
  const short = all.filter((line) => line.length < shortest && !line.includes('=')).length;
  const evidence = [
    `${short} of them ${short === 1 ? 'has' : 'have'} fewer than ${shortest} characters: where such a text stands in a log it is hidden, and an output of a job that holds it is dropped`,
  ];
  const hint = `If it is one secret of GitHub, store it as base64: ${storeSecrets(environment)}`;
  const parts = { evidence: short === 0 ? [] : evidence, hint };
  return [manyLines('secrets', all.length, short === 0 ? 'note' : 'warning', parts)];
}

function manyLines(
  name: string,
  lines: number,
  severity: Severity,
  parts: Pick<Finding, 'evidence' | 'hint'>,
): Finding {
  const what = `Input \`${name}\` has ${lines} lines, and GitHub masks each line of a secret by itself.`;
  return finding('secret-multiline', what, { severity, ...parts });
}
