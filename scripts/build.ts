// Builds dist/: tsc emits ES modules, ncc bundles the engine, swc minifies what ncc leaves readable.
// `--check` builds beside it and fails when the committed dist/ differs by a byte.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { minify } from '@swc/core';

const root = join(import.meta.dirname, '..');
const bin = (name: string) => join(root, 'node_modules', '.bin', name);

function emit(): string {
  const build = join(root, 'build');
  rmSync(build, { recursive: true, force: true });
  execFileSync(bin('tsc'), ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  writeFileSync(join(build, 'package.json'), '{"type":"module"}\n');
  return build;
}

async function bundle(build: string, out: string): Promise<void> {
  const args = [
    bin('ncc'),
    'build',
    join(build, 'bundle.js'),
    '-o',
    out,
    '-q',
    '--license',
    'licenses.txt',
  ];
  execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  cpSync(join(out, 'index.js'), join(out, 'bundle.js'));
  for (const file of ['index.js', 'cli.js']) cpSync(join(build, file), join(out, file));
  cpSync(join(build, 'platform', 'watchdog-thread.js'), join(out, 'watchdog.js'));
  // ncc minifies its main file only; the chunks of lazy imports hold nine tenths of the bytes.
  for (const file of readdirSync(out).filter((name) => name.endsWith('.js'))) {
    const path = join(out, file);
    const { code } = await minify(readFileSync(path, 'utf8'), {
      module: true,
      compress: { passes: 2 },
      mangle: { keepClassNames: true },
      format: { comments: false },
    });
    const shebang = file === 'cli.js' ? '#!/usr/bin/env node\n' : '';
    writeFileSync(path, `${shebang}${code.replace(/^#!.*\n/, '')}\n`);
    // A link to it starts it, without npm in between.
    if (shebang) chmodSync(path, 0o755);
  }
}

/** Names of the files that differ between two folders, or are in one only. */
function differences(left: string, right: string): readonly string[] {
  const names = new Set([...readdirSync(left), ...readdirSync(right)]);
  const read = (folder: string, name: string) => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch {
      return undefined;
    }
  };
  return [...names].filter((name) => read(left, name) !== read(right, name)).sort();
}

const dist = join(root, 'dist');
const out = mkdtempSync(join(tmpdir(), 'webgen-deploy-dist-'));
try {
  await bundle(emit(), out);
  if (process.argv.includes('--check')) {
    const differing = differences(dist, out);
    if (differing.length > 0) {
      console.error(
        `dist/ is not what the source builds: ${differing.join(', ')}. Run: make build`,
      );
      process.exitCode = 1;
    } else console.log('dist/ is what the source builds.');
  } else {
    rmSync(dist, { recursive: true, force: true });
    cpSync(out, dist, { recursive: true });
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
