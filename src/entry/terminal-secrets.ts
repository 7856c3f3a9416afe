// Secrets for a terminal's flags: from a file, standard input or a variable, since everybody on the
// machine can read a command line.
import { commandNamed, commands } from '../core/commands.ts';
import { type Finding, finding } from '../core/errors.ts';
import type { InputName } from '../inputs/contract.ts';
import { kubeconfigText } from '../inputs/kubeconfig.ts';
import { secretInputs } from '../inputs/mask.ts';
import type { RawInputs } from '../inputs/raw.ts';
import { isYandexRegistry } from '../registry/address.ts';
import type { Flags } from './flags.ts';

/** Larger than any key, and than the API's limit for one Secret. */
export const mostSecretBytes = 1024 * 1024;

export interface SecretSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The text of a file, or of standard input for `-`; undefined if it is larger than `most` bytes. */
  read(path: string, most: number): Promise<string | undefined>;
}

export interface ReadSecrets {
  readonly raw: RawInputs;
  /** Fatal: a source that cannot be read. Warnings: a secret on the command line. */
  readonly findings: readonly Finding[];
}

/** The fallback variable for each: the names that `yc` and our workflows use. */
const secretVariables: Readonly<Partial<Record<InputName, string>>> = {
  'yc-sa-json-credentials': 'YC_SA_JSON_CREDENTIALS',
  'yc-iam-token': 'YC_IAM_TOKEN',
  'registry-password': 'REGISTRY_PASSWORD',
  'github-token': 'GITHUB_TOKEN',
  secrets: 'APPLICATION_SECRETS',
};

/** Resolves `@file`, `-` and the variables. Reports every problem at once. */
export async function readSecrets(flags: Flags, sources: SecretSources): Promise<ReadSecrets> {
  const given = secretInputs.flatMap((name) => {
    const texts = flags.secrets?.[name];
    return texts === undefined ? [] : [{ name, texts }];
  });
  const fromInput = given.flatMap(({ name, texts }) =>
    texts.filter((each) => each === '-').map(() => name),
  );
  if (fromInput.length > 1) {
    const names = [...new Set(fromInput)].map((name) => `--${name}`).join(' and ');
    const what = `Standard input can be one secret only, and ${names} ask for it ${fromInput.length} times.`;
    return { raw: flags.raw, findings: [wrong(what, 'Give the others as @FILE.')] };
  }
  const read = await Promise.all(given.map((each) => readOne(each, sources)));
  const raw: Record<string, string | undefined> = { ...flags.raw };
  for (const each of read) raw[each.name] = each.text;
  return {
    raw: { ...raw, ...fromVariables(raw, flags.command, sources.environment) },
    findings: read.flatMap(({ findings }) => findings),
  };
}

interface Given {
  readonly name: (typeof secretInputs)[number];
  /** As written, one for each occurrence of the flag. */
  readonly texts: readonly string[];
}

async function readOne({ name, texts }: Given, sources: SecretSources) {
  const parts: string[] = [];
  const findings: Finding[] = [];
  for (const text of texts) {
    const path = text === '-' ? '-' : /^@(.+)$/s.exec(text)?.[1];
    const part = path === undefined ? text : await textOf(path, name, sources);
    if (typeof part === 'string') parts.push(part);
    else findings.push(part);
    if (path === undefined && isShown(name, text)) findings.push(shownFinding(name));
  }
  return { name, text: parts.join('\n'), findings };
}

/** The text without a trailing line break, or why it cannot be read. */
async function textOf(
  path: string,
  name: InputName,
  sources: SecretSources,
): Promise<string | Finding> {
  // Never by its name: a password may begin with @ itself.
  const place = path === '-' ? 'Standard input' : 'The file';
  try {
    const text = await sources.read(path, mostSecretBytes);
    if (text === undefined) {
      return wrong(
        `${place} of --${name} is larger than 1 MiB.`,
        'Name the file of the secret alone.',
      );
    }
    if (text.trim() !== '') return text.replace(/\r?\n$/, '');
    return wrong(`${place} of --${name} is empty.`, 'Name a file with the secret in it.');
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    // System errors have a code; anything else is our bug.
    if (typeof code !== 'string') throw error;
    const hint = `Name a file that is there and that you may read: --${name} @FILE. \
What begins with @ itself comes from a file or standard input.`;
    return wrong(`${place} of --${name} cannot be read (${code}).`, hint);
  }
}

/** A kubeconfig is usually a path, which is not secret. */
const isShown = (name: InputName, text: string): boolean =>
  text !== '' && (name !== 'kubeconfig' || kubeconfigText(text) !== undefined);

function shownFinding(name: InputName): Finding {
  const variable = secretVariables[name];
  const more = variable === undefined ? '' : `, or set ${variable}`;
  return finding(
    'input-invalid',
    `The secret of --${name} stands on the command line, where everybody on this machine can read it.`,
    {
      severity: 'warning',
      hint: `Write --${name} @FILE, or --${name} - for standard input${more}.`,
    },
  );
}

const wrong = (what: string, hint: string) => finding('input-invalid', what, { hint });

const credentials = ['yc-sa-json-credentials', 'yc-iam-token', 'yc-sa-id', 'kubeconfig'] as const;

/** Only for what no flag gives and the command can use: a variable may be set for another purpose. */
function fromVariables(
  raw: RawInputs,
  command: string,
  environment: SecretSources['environment'],
): RawInputs {
  const isGiven = (name: InputName): boolean => (raw[name] ?? '') !== '';
  const host = (raw['registry'] ?? '').split('/')[0] ?? '';
  const ownLogin = isGiven('registry-username') || isGiven('registry-password');
  const asksYandex =
    isGiven('yc-k8s-cluster-id') ||
    isGiven('yc-k8s-cluster-name') ||
    isGiven('yc-registry-id') ||
    (isYandexRegistry(host) && !ownLogin);
  const wanted: readonly InputName[] = [
    ...(asksYandex && !credentials.some(isGiven) ? yandexKeyOrToken(environment) : []),
    ...(isGiven('registry-username') ? (['registry-password'] as const) : []),
    ...(command === 'doctor' ? [] : (['github-token'] as const)),
    ...(deploys(command) ? (['secrets'] as const) : []),
  ];
  return Object.fromEntries(
    wanted.flatMap((name) => {
      const text = environment[secretVariables[name] ?? ''];
      return text && !isGiven(name) ? [[name, text]] : [];
    }),
  );
}

const deploys = (command: string): boolean => {
  const known = commandNamed(command);
  return known !== undefined && commands[known].deploys;
};

/** The key if both are set: its token can be renewed. */
function yandexKeyOrToken(environment: SecretSources['environment']): readonly InputName[] {
  const names = ['yc-sa-json-credentials', 'yc-iam-token'] as const;
  return names.filter((name) => environment[secretVariables[name] ?? '']).slice(0, 1);
}
