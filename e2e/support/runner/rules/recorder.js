// Stands in the place of the action's entry in act's copy: notes what the action asks to mask.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env['WEBGEN_RULES'];
const write = process.stdout.write.bind(process.stdout);

/** As the runner reads a command's data. */
const unescaped = (data) =>
  data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');

if (folder) {
  const path = join(folder, `masks-${process.env['GITHUB_JOB']}.jsonl`);
  process.stdout.write = (chunk, ...rest) => {
    for (const [, data] of String(chunk).matchAll(/^::add-mask::(.*)$/gm)) {
      appendFileSync(path, `${JSON.stringify(unescaped(data))}\n`, { mode: 0o600 });
    }
    return write(chunk, ...rest);
  };
}

await import('./entry.js');
