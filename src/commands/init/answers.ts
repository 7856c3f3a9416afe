// What `init` needs to know about an application, from flags or from the files in its folder.
import { type Finding, finding } from '../../core/errors.ts';
import { isWord } from './workflows/yaml.ts';

export interface Service {
  readonly name: string;
  readonly port: number;
  /** Of the readiness probe; a probe of the port alone where it is absent. */
  readonly path?: string;
  /** The folder with its Dockerfile. */
  readonly context: string;
}

export interface Answers {
  readonly app: string;
  /** Of production; staging's is the same with `-staging`. */
  readonly namespace: string;
  readonly services: readonly Service[];
  /** Folders whose tests the workflows run. */
  readonly pytest?: string;
  /** What pytest is installed from, where it is not `requirements.txt`. */
  readonly requirements?: string;
  /** Python's version, where the Dockerfile beside those tests names it: `3.11`. */
  readonly python?: string;
  readonly npm?: string;
}

/** One folder of the application's repository. */
export interface Folder {
  /** `.` is the repository itself. */
  readonly name: string;
  readonly files: readonly string[];
  /** The Dockerfile's text, where there is one. */
  readonly dockerfile?: string;
}

/** As people write them; absent where nobody has said it yet. */
export interface Words {
  readonly app?: string | undefined;
  readonly namespace?: string | undefined;
  /** `name:port` or `name:port/path`, one each. */
  readonly services?: string | undefined;
}

/** A name that Kubernetes, the registry and GitHub take alike. */
function nameFrom(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
}

/** A folder's name that can stand in a workflow: one line of text, and no expression of GitHub's. */
const isWritable = ({ name }: Folder): boolean =>
  /^[\x20-\x7e]+$/.test(name) && !name.includes('${{');

/** What is proposed where nobody has said it; a service's text is empty where none was found. */
export function proposals(repository: string, folders: readonly Folder[]): Required<Words> {
  const app = nameFrom(repository) || 'app';
  const built = folders.filter((each) => each.dockerfile !== undefined && isWritable(each));
  const parts = built.filter(({ name }) => name !== '.');
  const services = (parts.length > 0 ? parts : built).map(({ name, dockerfile = '' }) => {
    const port = /^EXPOSE\s+(\d{1,5})\b/im.exec(dockerfile)?.[1] ?? '8080';
    return `${nameFrom(name === '.' ? app : name)}:${port}`;
  });
  return { app, namespace: app, services: services.join(' ') };
}

const label = /^[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?$/;
const isLabel = (text: string): boolean => label.test(text) && !isWord(text);
const form = /^([^:]+):(\d{1,5})(\/[\w./~-]*)?$/;

function wrong(flag: string, what: string, hint: string): Finding {
  return finding('input-invalid', `--${flag} ${what}.`, { hint });
}

/** Answers, or everything that is wrong with the words. */
export function readAnswers(
  words: Required<Words>,
  all: readonly Folder[],
): { readonly answers: Answers } | { readonly findings: readonly Finding[] } {
  const folders = all.filter(isWritable);
  const findings: Finding[] = [];
  for (const flag of ['app', 'namespace'] as const) {
    if (isLabel(words[flag] ?? '')) continue;
    const hint =
      'Up to 40 lower-case letters, digits and dashes; a letter comes first. No word that YAML reads otherwise, such as on.';
    findings.push(wrong(flag, 'is not a valid name for Kubernetes', hint));
  }
  const texts = (words.services ?? '').split(/[\s,]+/).filter((text) => text !== '');
  const services = texts.flatMap((text) => {
    const service = readService(text, folders);
    if (!service)
      findings.push(wrong('services', `has ${JSON.stringify(text.slice(0, 60))}`, serviceForm));
    return service ? [service] : [];
  });
  if (texts.length === 0) findings.push(wrong('services', 'names no service', serviceForm));
  if (new Set(services.map(({ name }) => name)).size < services.length) {
    findings.push(wrong('services', 'names a service twice', 'Give each service once.'));
  }
  if (findings.length > 0) return { findings };
  const { app = '', namespace = '' } = words;
  const npm = folders.find(({ files }) => files.includes('package-lock.json'))?.name;
  const tests = { ...backendTests(folders), ...(npm ? { npm } : {}) };
  return { answers: { app, namespace, services, ...tests } };
}

const pythonImage = /^(?:FROM|ARG)\s.*\bpython:(3\.\d{1,2})\b/im;
const development = 'requirements-dev.txt';

function backendTests(folders: readonly Folder[]): Partial<Answers> {
  const found = folders.find(({ files }) => files.includes('requirements.txt'));
  if (!found) return {};
  const python = pythonImage.exec(found.dockerfile ?? '')?.[1];
  const requirements = found.files.includes(development) ? development : undefined;
  return {
    pytest: found.name,
    ...(requirements ? { requirements } : {}),
    ...(python ? { python } : {}),
  };
}

const serviceForm = 'Write name:port, or name:port/path for a readiness probe by HTTP.';

function readService(text: string, folders: readonly Folder[]): Service | undefined {
  const [, name = '', digits = '', path] = form.exec(text) ?? [];
  const port = Number(digits);
  // Each service has a file of its name, beside kustomization.yaml.
  if (!isLabel(name) || name === 'kustomization' || port < 1 || port > 65_535) return undefined;
  const own = folders.find((folder) => folder.name !== '.' && nameFrom(folder.name) === name);
  const root = folders.find((folder) => folder.name === '.' && folder.dockerfile !== undefined);
  const context = own?.name ?? (root ? '.' : name);
  return { name, port, context, ...(path === undefined ? {} : { path }) };
}
