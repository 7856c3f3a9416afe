// Beside the tools that a user would pick instead: same machine, same cluster, in turns.
import { cpus } from 'node:os';
import { type Bed, makeBed } from './bench/bed.ts';
import { measureImages } from './bench/images.ts';
import { application, deployments, noPods } from './bench/manifests.ts';
import type { Measured } from './bench/measure.ts';

const rounds = 3;
const large = { count: 500, replicas: 10 };
const failMs = 60_000;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function good(run: Measured): Measured {
  if (run.code !== 0) throw new Error(`exit code ${run.code}\n${run.text.slice(-4000)}`);
  return run;
}

function print(...cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

const words = (seconds: number): string => `${seconds.toFixed(2)} s`;

async function applyRows(bed: Bed): Promise<void> {
  const manifests = application();
  const pairs: { install: [number, number]; again: [number, number] }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const [ours, theirs] = [`ours-${round}`, `theirs-${round}`];
    for (const name of [ours, theirs]) await bed.namespace(name);
    const both = async (): Promise<[number, number]> => [
      good(await bed.deploy(ours, manifests, ['--no-wait'])).seconds,
      good(await bed.kubectl(theirs, manifests)).seconds,
    ];
    pairs.push({ install: await both(), again: await both() });
    for (const name of [ours, theirs]) await bed.clear(name);
  }
  print('whole process, median of 3', 'webgen-deploy', 'kubectl apply', 'faster');
  print('---', '---', '---', '---');
  const row = (name: string, of: readonly [number, number][]): void => {
    const ratio = median(of.map(([left, right]) => right / left));
    const [ours, theirs] = [median(of.map(([left]) => left)), median(of.map(([, right]) => right))];
    print(name, words(ours), words(theirs), `${ratio.toFixed(1)} ×`);
  };
  const install = pairs.map((each) => each.install);
  row('200 objects installed, dry run included', install);
  const again = pairs.map((each) => each.again);
  row('the same again, unchanged', again);
}

/** Once: what takes minutes varies little. */
async function largeRows(bed: Bed): Promise<void> {
  const { count, replicas } = large;
  const manifests = deployments(count, replicas);
  console.log();
  print(`${count} Deployments, ${count * replicas} pods, once`, 'time', 'processor', 'memory');
  print('---', '---', '---', '---');
  const row = async (name: string, run: (namespace: string) => Promise<Measured>) => {
    await bed.namespace('large');
    const { seconds, cpu, memory } = good(await run('large'));
    print(name, `${seconds.toFixed(0)} s`, `${cpu.toFixed(1)} s`, `${memory.toFixed(0)} MB`);
    await bed.clear('large');
  };
  await row('webgen-deploy deploy', (name) => bed.deploy(name, manifests, ['--timeout', '15m']));
  await row('kubectl apply --server-side, rollout status', (name) =>
    bed.kubectl(name, manifests, '15m'),
  );
  if ('missing' in bed.helm) return print('helm', bed.helm.missing, '', '');
  await row('helm upgrade --install --wait', (name) => bed.helmInstall(name, manifests, '15m'));
}

async function verdictRows(bed: Bed): Promise<void> {
  console.log();
  print('a quota refuses every pod', 'first refusal to verdict', 'says why');
  print('---', '---', '---');
  const manifests = deployments(1, 1);
  const limit = `${failMs / 1000}s`;
  const row = async (name: string, run: (namespace: string) => Promise<Measured>) => {
    await bed.namespace('refused', [noPods]);
    const [proof, ended] = await Promise.all([
      bed.refused('refused', 'web-0'),
      run('refused').then((each) => ({ ...each, at: performance.now() })),
    ]);
    if (ended.code === 0) throw new Error(`${name} did not fail\n${ended.text}`);
    const late = ended.at - proof >= failMs - 3_000;
    const time = late ? `> ${failMs / 1000} s` : words((ended.at - proof) / 1000);
    print(name, time, /quota/i.test(ended.text) ? 'yes' : 'no');
    await bed.clear('refused');
  };
  await row('webgen-deploy deploy', (name) => bed.deploy(name, manifests));
  await row('kubectl rollout status', (name) => bed.kubectl(name, manifests, limit));
  if ('missing' in bed.helm) return print('helm', bed.helm.missing, '');
  await row('helm upgrade --install --wait', (name) => bed.helmInstall(name, manifests, limit));
}

async function imageRows(): Promise<void> {
  console.log();
  const times = await measureImages();
  if ('missing' in times) return print('two images', times.missing);
  const { together, oneByOne } = times;
  print('two images built and pushed', 'side by side', 'one by one', 'ratio');
  print('---', '---', '---', '---');
  const ratio = (together / oneByOne).toFixed(2);
  print('whole runs, nothing cached, middle of 3', words(together), words(oneByOne), ratio);
}

const bed = await makeBed();
try {
  console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores\n`);
  const rows = {
    apply: applyRows,
    large: largeRows,
    verdict: verdictRows,
    images: imageRows,
  };
  const wanted = process.argv.slice(2);
  for (const [name, make] of Object.entries(rows)) {
    if (wanted.length === 0 || wanted.includes(name)) await make(bed);
  }
} finally {
  await bed.stop();
}
