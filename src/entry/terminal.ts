// Composition root for a terminal: takes flags, prints text or JSON, with the same engine in between.
import { readFile } from 'node:fs/promises';
import { homedir, hostname, tmpdir } from 'node:os';
import { delimiter } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { diagnoseFiles } from '../commands/diagnose/files.ts';
import type { DoctorDone } from '../commands/doctor/doctor.ts';
import { doctorErrors, doctorJson, doctorLines } from '../commands/doctor/report.ts';
import { init } from '../commands/init/init.ts';
import { initErrors, initJson, initLines } from '../commands/init/report.ts';
import type { Log } from '../core/ports.ts';
import { known } from '../core/redaction/redaction.ts';
import { withoutSecrets } from '../core/redaction/values.ts';
import { safeLines } from '../core/text.ts';
import { version } from '../core/version.ts';
import { realFiles } from '../platform/files.ts';
import { repositoryHere } from '../platform/git-remote.ts';
import { terminalLog } from '../platform/log.ts';
import { readBounded } from '../platform/secret-source.ts';
import { realShell } from '../platform/shell.ts';
import { writingOut } from '../platform/watchdog.ts';
import { isGood } from '../report/headline.ts';
import type { Outcome } from '../report/outcome.ts';
import { outputsOf, renderReport, renderText } from '../report/render.ts';
import { shownOutcome } from '../report/without-secrets.ts';
import { defectFindings } from '../run/conclude.ts';
import type { Session } from '../run/session.ts';
import { defaultKubeconfig } from './default-kubeconfig.ts';
import { type Flags, parseFlags } from './flags.ts';
import { helpText } from './help.ts';
import { initDoors, openQuestions } from './init-doors.ts';
import { removeSecretFiles, secretPlaces } from './post.ts';
import { terminalContext } from './run-context.ts';
import { startDoctor, startSession, type Watched } from './start.ts';
import { readSecrets } from './terminal-secrets.ts';

/** Exit code: 0 done, 1 failed, 2 usage error or unreadable input, 130 interrupted. */
export async function terminal(entry: string): Promise<void> {
  try {
    await run(entry);
  } catch (error) {
    complain(
      defectFindings(error).flatMap(({ what, evidence, hint }) => [what, ...evidence, hint]),
    );
    await leave(1);
  }
}

async function run(entry: string): Promise<void> {
  const flags = parseFlags(process.argv.slice(2));
  if (flags.help || flags.version)
    return leave(0, flags.help ? helpText(flags.raw['command']) : `${version}\n`);
  complain(flags.findings.map(({ what, hint }) => `${what} ${hint}`));
  if (flags.findings.length > 0) return leave(2);
  const log = logFor(flags);
  if (flags.command === 'diagnose') return diagnosis(flags, log);
  if (flags.init) return startInit(flags, flags.init, log, entry);
  const { raw, findings } = await readSecrets(flags, {
    environment: process.env,
    read: readBounded,
  });
  complain(findings.map(({ what, hint }) => `${what} ${hint}`));
  if (findings.some(({ severity }) => severity === 'fatal')) return leave(2);
  return onCluster({ ...flags, raw }, log, entry);
}

function logFor({ output }: Flags): Log {
  const json = output === 'json';
  const write = writingOut((text) => process.stdout.write(text));
  const stderr = writingOut((text) => process.stderr.write(text));
  const colour = (json ? process.stderr : process.stdout).isTTY && !process.env['NO_COLOR'];
  return terminalLog(write, { colour, ...(json ? { stderr } : {}) });
}

function complain(lines: readonly string[]): void {
  for (const line of lines.map(known.redact).flatMap(safeLines)) process.stderr.write(`${line}\n`);
}

/** Every command that needs a cluster; removes its secret files at the end. */
async function onCluster(flags: Flags, log: Log, entry: string): Promise<void> {
  const temp = tmpdir();
  const here = process.cwd();
  const remote = await repositoryHere(realShell(), here);
  const context = {
    ...terminalContext({ workspace: here, temp }),
    actor: person(),
    ...(remote ? { remote } : {}),
  };
  const secretFiles: string[] = [];
  const onSecretFile = (path: string) => void secretFiles.push(path);
  const named = process.env['KUBECONFIG'];
  const files = realFiles(temp);
  const start = { raw: flags.raw, context, log, environment: process.env, exports, onSecretFile };
  const clear = () => removeSecretFiles(JSON.stringify(secretFiles), temp, { files, log });
  const begin = async () => {
    try {
      const known = await defaultKubeconfig({ named, home: homedir(), files, onSecretFile });
      if (flags.command === 'doctor') {
        return { done: await startDoctor({ ...start, defaultKubeconfig: known }) };
      }
      const session = await startSession({
        ...start,
        entry,
        lastWords: (outcome) => lastWords(shownOutcome(outcome), flags),
        secretFiles: () => secretPlaces(secretFiles, temp),
        facts: { defaultKubeconfig: known },
      });
      return { session };
    } finally {
      // `setup` exists to leave the kubeconfig; every other command only used it itself.
      if (flags.command !== 'setup') await clear();
    }
  };
  const { done, session } = await begin();
  if (!session) return done ? examined(done, flags, log) : leave(130);
  const outcome = shownOutcome(session.outcome);
  for (const line of renderText(outcome)) log.info(line);
  const json = flags.output === 'json' ? `${renderReport(outcome).json}\n` : '';
  return leave(exitCode(session), json);
}

/** For a hung run: the last block, or nothing if the output is JSON. */
function lastWords(outcome: Outcome, { output }: Flags): ReturnType<Watched['lastWords']> {
  const text = `\n${renderText(outcome).join('\n')}\n`;
  return { fd: output === 'json' ? 2 : 1, text, files: [] };
}

function examined(diagnosis: DoctorDone, { output }: Flags, log: Log): Promise<void> {
  const done = withoutSecrets(diagnosis);
  complain(doctorErrors(done));
  if (output === 'json') return leave(done.code, doctorJson(done));
  for (const line of doctorLines(done)) log.info(line);
  return leave(done.code);
}

// Nothing runs after this process: only it has to find what it installed.
const exports = {
  addPath: (folder: string) => {
    process.env['PATH'] = `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
  },
  exportVariable: () => undefined,
};

function exitCode({ outcome, refused }: Session): number {
  if (outcome.status === 'cancelled') return 130;
  // Whether what the inputs name is wrong or unreadable may only show when it is opened.
  if (refused || outputsOf(outcome)['error-code'] === 'input-invalid') return 2;
  return isGood(outcome) ? 0 : 1;
}

async function startInit(
  { raw, output }: Flags,
  flags: NonNullable<Flags['init']>,
  log: Log,
  entry: string,
): Promise<void> {
  const folder = process.cwd();
  const terminal = await openQuestions();
  const words = { app: raw['app'], namespace: raw['namespace'], services: flags.services };
  const done = await init(
    { ...flags, words },
    {
      ...(await initDoors(folder, { shell: realShell(), entry })),
      ...(terminal ? { ask: terminal.ask } : {}),
    },
  ).finally(() => terminal?.close());
  complain(initErrors(done));
  if (output !== 'json') for (const line of initLines(done, flags.dryRun)) log.info(line);
  return leave(done.code, output === 'json' ? initJson(done) : '');
}

async function diagnosis(flags: Flags, log: Log): Promise<void> {
  const done = await diagnoseFiles(flags, readSource);
  complain(done.errors);
  for (const line of done.lines) log.info(line);
  return leave(done.code, done.json);
}

/** The lock holder's name, shown to runs that wait for it. */
function person(): string {
  const name = process.env['USER'] ?? process.env['LOGNAME'];
  return name ? `${name}@${hostname()}` : hostname();
}

/** `-` is standard input. */
async function readSource(path: string): Promise<Buffer> {
  return path === '-' ? buffer(process.stdin) : readFile(path);
}

/** Kept-alive connections would delay the exit for seconds. */
async function leave(code: number, text = ''): Promise<void> {
  await new Promise<void>((done) => {
    writingOut((rest) => process.stdout.write(rest, () => done()))(text);
  });
  process.exit(code);
}
