// What an exit code means, in words.

const meanings: Readonly<Record<number, string>> = {
  0: 'it ended without an error, and a service must keep running',
  126: 'the command was found but is not executable',
  127: 'the command was not found',
  128: 'the runtime could not start it',
  134: 'it aborted (SIGABRT)',
  137: 'it was killed (SIGKILL): out of memory, a failed liveness probe, or too slow to stop',
  139: 'it crashed on a memory error (SIGSEGV)',
  143: 'it was asked to stop (SIGTERM)',
};

/** `exit code 127: the command was not found`. */
export function exitWords(code: number): string {
  const meaning = meanings[code];
  return meaning ? `exit code ${code}: ${meaning}` : `exit code ${code}`;
}

/** The runtime's or the loader's message for a program built for another platform. */
export const wrongPlatform = /exec format error|exec user process caused.*format/i;

export const platformHint =
  'Build the image for the platform of the nodes (linux/amd64?), or give a script its #! line.';
