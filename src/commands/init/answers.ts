// What `init` needs to know about an application, from flags or from the files in its folder.
import { type Finding, finding } from '../../core/errors.ts';

export interface Service {
  readonly name: string;
  readonly port: number;
  /** Of the readiness probe; without it the probe only opens the port. */
  readonly path?: string;
  /** The folder that contains its Dockerfile. */
  readonly context: string;
}

export interface Answers {
  readonly app: string;
  /** Of production; staging has the same with `-staging`. */
  readonly namespace: string;
  readonly services: readonly Service[];
  /** Folders whose tests the workflows run. */
  readonly pytest?: string;
  /** What pytest is installed from, if not `requirements.txt`. */
  readonly requirements?: string;
  /** The Python version that the Dockerfile next to those tests names: `3.11`. */
  readonly python?: string;
  readonly npm?: string;
}

/** One folder of the application's repository. */
export interface Folder {
  /** `.` is the repository itself. */
  readonly name: string;
  readonly files: readonly string[];
  /** The Dockerfile's text, if there is one. */
  readonly dockerfile?: string;
}

/** As a user writes them; absent where not given yet. */
export interface Words {
  readonly app?: string | undefined;
  readonly namespace?: string | undefined;
  /** `name:port` or `name:port/path`, one each. */
  readonly services?: string | undefined;
}

/** A name that is valid for Kubernetes, the registry and GitHub. */
function nameFrom(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, 40);
}

/** The proposals for what was not given; the text of services is empty where none was found. */
export function proposals(repository: string, folders: readonly Folder[]): Required<Words> {
  const app = nameFrom(repository) || 'app';
  const built = folders.filter(({ dockerfile }) => dockerfile !== undefined);
  const parts = built.filter(({ name }) => name !== '.');
  const services = (parts.length > 0 ? parts : built).map(({ name, dockerfile = '' }) => {
    const port = /^EXPOSE\s+(\d{1,5})\b/im.exec(dockerfile)?.[1] ?? '8080';
    return `${nameFrom(name === '.' ? app : name)}:${port}`;
  });
  return { app, namespace: app, services: services.join(' ') };
}

const label = /^[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?$/;
const form = /^([^:]+):(\d{1,5})(\/[\w./~-]*)?$/;

function wrong(flag: string, what: string, hint: string): Finding {
  return finding('input-invalid', `--${flag} ${what}.`, { hint });
}

/** The answers, or everything that is wrong with the texts. */
export function readAnswers(
  words: Required<Words>,
  folders: readonly Folder[],
): { readonly answers: Answers } | { readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  for (const flag of ['app', 'namespace'] as const) {
    if (label.test(words[flag] ?? '')) continue;
    const hint = 'Up to 40 lower-case letters, digits and dashes; a letter comes first.';
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
  if (!label.test(name) || port < 1 || port > 65_535) return undefined;
  const own = folders.find((folder) => folder.name !== '.' && nameFrom(folder.name) === name);
  const root = folders.find((folder) => folder.name === '.' && folder.dockerfile !== undefined);
  const context = own?.name ?? (root ? '.' : name);
  return { name, port, context, ...(path === undefined ? {} : { path }) };
}
