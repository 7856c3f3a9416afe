// `init`: a few questions or flags in; workflows and manifests for an application's repository out.
import { type Finding, finding } from '../../core/errors.ts';
import { type Answers, type Folder, proposals, readAnswers, type Words } from './answers.ts';
import { chooseWorkflows, type GitFacts, type WorkflowWishes } from './choice.ts';
import { manifests } from './manifests.ts';
import { nextSteps } from './next-steps.ts';
import { dependabotFiles, workflows } from './workflows.ts';

export interface InitOptions extends WorkflowWishes {
  readonly words: Words;
  /** Accepts the proposals instead of asking. */
  readonly yes: boolean;
  readonly dryRun: boolean;
  /** Overwrites existing files that differ. */
  readonly force: boolean;
}

export interface InitDoors {
  /** The name of the folder, or of the repository. */
  readonly repository: string;
  readonly folders: readonly Folder[];
  readonly git: GitFacts;
  /** Absent where nobody can answer. An empty answer accepts the proposal. */
  readonly ask?: (question: string) => Promise<string>;
  /** A file's text; undefined where nothing exists, `no-file` where it is not a file. */
  read(path: string): Promise<{ readonly text: string } | 'no-file' | undefined>;
  write(path: string, text: string): Promise<void>;
}

/** `kept` blocks a file of ours; `left` is the repository's own and stays. */
export type FileState = 'new' | 'unchanged' | 'overwritten' | 'kept' | 'left';

export interface InitDone {
  /** 0 done, 1 files in the way, 2 wrong usage. */
  readonly code: 0 | 1 | 2;
  readonly findings: readonly Finding[];
  readonly files: readonly { readonly path: string; readonly state: FileState }[];
  /** What was chosen, and why; one line each. */
  readonly notes: readonly string[];
  readonly next: readonly string[];
}

/** Writes all files or none; existing files that differ are never overwritten without `force`. */
export async function init(options: InitOptions, doors: InitDoors): Promise<InitDone> {
  const nothing = { files: [], notes: [], next: [] };
  const chosen = chooseWorkflows(options, doors.git);
  if ('findings' in chosen) return { code: 2, findings: chosen.findings, ...nothing };
  const { choice, notes } = chosen;
  const asked = await askFor(options, doors);
  if ('findings' in asked) return { code: 2, findings: asked.findings, ...nothing };
  const { answers } = asked;
  const wanted = Object.entries({ ...workflows(answers, choice), ...manifests(answers) });
  const files = await Promise.all(
    wanted.map(async ([path, text]) => {
      const [before, ...others] = await Promise.all(
        (dependabotFiles.includes(path) ? dependabotFiles : [path]).map(doors.read),
      );
      const isTheirs = dependabotFiles.includes(path) && [before, ...others].some((each) => each);
      const state = stateOf(before, text, options.force);
      return { path, text, state: isTheirs && state !== 'unchanged' ? ('left' as const) : state };
    }),
  );
  const kept = files.filter(({ state }) => state === 'kept');
  const listed = files.map(({ path, state }) => ({ path, state }));
  if (kept.length > 0) {
    return { code: 1, findings: [inTheWay(kept.length)], files: listed, notes, next: [] };
  }
  if (!options.dryRun) {
    for (const { path, text, state } of files) {
      if (state !== 'unchanged' && state !== 'left') await doors.write(path, text);
    }
  }
  return { code: 0, findings: [], files: listed, notes, next: nextSteps(answers, choice) };
}

function stateOf(
  before: Awaited<ReturnType<InitDoors['read']>>,
  text: string,
  force: boolean,
): FileState {
  if (before === undefined) return 'new';
  // A link could lead out of the repository, and a folder is somebody's work.
  if (before === 'no-file') return 'kept';
  if (before.text === text) return 'unchanged';
  return force ? 'overwritten' : 'kept';
}

function inTheWay(count: number): Finding {
  const [files, them] = count === 1 ? ['one file is', 'it'] : [`${count} files are`, 'them'];
  const what = `Nothing was written: ${files} there already, and ${count === 1 ? 'differs' : 'differ'}.`;
  const hint = `Overwrite with --force, or move ${them} away; --dry-run shows what would happen.`;
  return finding('input-invalid', what, { hint });
}

const questions = {
  app: 'Name of the application',
  namespace: 'Namespace of production (staging gets -staging)',
  services: 'Services as name:port/path, separated by spaces',
} as const;

type Asked = { readonly answers: Answers } | { readonly findings: readonly Finding[] };

/** Flags win; the rest is asked, or proposed with `yes`. */
async function askFor({ words, yes }: InitOptions, doors: InitDoors): Promise<Asked> {
  const names = Object.keys(questions) as (keyof Words)[];
  const open = names.filter((name) => words[name] === undefined);
  if (!yes && !doors.ask && open.length > 0) {
    const flags = open.map((name) => `--${name}`).join(', ');
    const what = 'There is no terminal to ask questions on.';
    const hint = `Give ${flags}, or --yes to take what is proposed.`;
    return { findings: [finding('input-invalid', what, { hint })] };
  }
  const all = proposals(words.app ?? doors.repository, doors.folders);
  const said: Partial<Record<keyof Words, string>> = {};
  for (const name of names) {
    // The proposed namespace is the application's name, whoever chose that.
    const proposed = (name === 'namespace' ? said.app : all[name]) ?? '';
    const question = `${questions[name]}${proposed ? ` [${proposed}]` : ''}: `;
    const answer = yes ? '' : words[name] === undefined && doors.ask && (await doors.ask(question));
    said[name] = words[name] ?? ((answer || '').trim() || proposed);
  }
  return readAnswers({ app: '', namespace: '', services: '', ...said }, doors.folders);
}
