import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const src = join(import.meta.dirname, '..', '..', 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);

/** Import specifiers that are still there after compilation, relative ones as paths below src. */
function imports(file: string): readonly string[] {
  const text = readFileSync(join(src, file), 'utf8');
  const found = [
    ...text.matchAll(/^\s*(?:import|export)\s+(?!type\b)[^;]*?from\s+'([^']+)'/gms),
    ...text.matchAll(/\bimport\(\s*'([^']+)'/g),
    ...text.matchAll(/^\s*import\s+'([^']+)'/gm),
  ].map((match) => match[1] ?? '');
  return found.map((name) =>
    name.startsWith('.') ? relative(src, join(src, dirname(file), name)) : name,
  );
}

/** They compute, and nothing else: no input or output, no dependency of their own. */
const pureLibraries = ['@marcbachmann/cel-js', 're2js'];
const computing = ['node:path', 'node:crypto', 'node:zlib', 'node:util'];

/** Rooms that compute alone: what comes in is data, and so is what goes out. */
const pure = files.filter((file) =>
  /^(?:rollout\/(?:facts|judge)|report|commands\/diagnose|images|inputs|kube)\/|^core\/(?:errors|guard|readers|text)\.|^run\/plan/.test(
    file,
  ),
);

/** They talk to the world through ports, which the wiring hands to them. */
const features = files.filter(
  (file) => file.includes('/') && !/^(?:platform|entry|run)\//.test(file),
);

/** Files that have to be real for a program of somebody else: an archive, a database, a report. */
const filesByHand = [
  'scan/fetch-database.ts',
  'scan/scan-image.ts',
  'tools/install.ts',
  'tools/unpack.ts',
];

describe('layers', () => {
  test('the list of pure files is not empty', () => expect(pure.length).toBeGreaterThan(10));

  test.each(pure)('%s imports nothing impure', (file) => {
    const impure = imports(file).filter(
      (name) =>
        name.startsWith('node:') ||
        (name.startsWith('@') && !pureLibraries.includes(name)) ||
        /^(?:platform|entry|run\/(?!plan))/.test(name),
    );
    expect(impure).toEqual([]);
  });

  test.each(features)('%s knows neither the platform nor the run that it is part of', (file) => {
    const foreign = imports(file).filter(
      (name) =>
        /^(?:platform|entry|run)\//.test(name) ||
        (name.startsWith('node:') && !computing.includes(name) && !filesByHand.includes(file)),
    );
    expect(foreign).toEqual([]);
  });

  test('only the platform and the composition roots touch process', () => {
    const touching = files.filter((file) =>
      /\bprocess\s*[.[]/.test(
        readFileSync(join(src, file), 'utf8').replace(/^\s*(?:\/\/|\/\*\*|\*).*$/gm, ''),
      ),
    );
    const allowed = (file: string) =>
      file.startsWith('platform/') ||
      ['entry/action.ts', 'entry/terminal.ts', 'entry/init-doors.ts'].includes(file);
    expect(touching.filter((file) => !allowed(file))).toEqual([]);
  });

  test('the thread of the watchdog brings nothing along: it is a file by itself in dist/', () => {
    expect(
      imports('platform/watchdog-thread.ts').filter((name) => !name.startsWith('node:')),
    ).toEqual([]);
  });

  test('every file opens with a sentence that says why it exists', () => {
    const silent = files.filter(
      (file) => !/^(#!.*\n)?\/\/ \S/.test(readFileSync(join(src, file), 'utf8')),
    );
    expect(silent).toEqual([]);
  });
});
