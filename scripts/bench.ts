// Beside the tools that a user would pick instead: same machine, same cluster, in turns.
import { cpus } from 'node:os';
import { type Bed, makeBed, type Shown } from './bench/bed.ts';
import { provideHelm } from './bench/helm.ts';
import { measureImages } from './bench/images.ts';
import { application, crashing, deployments, noPods } from './bench/manifests.ts';
import type { Measured } from './bench/measure.ts';

const rounds = 3;
const large = { count: 500, replicas: 10 };
const limit = '15m';
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

/** Once, since what takes minutes varies little, and each on a cluster of its own. */
async function largeRows(): Promise<void> {
  const { count, replicas } = large;
  const manifests = deployments(count, replicas);
  console.log();
  print(`${count} Deployments, ${count * replicas} pods, once`, 'time', 'processor', 'memory');
  print('---', '---', '---', '---');
  const row = (name: string, run: (bed: Bed) => Promise<Measured>) =>
    withBed(async (bed) => {
      await bed.namespace('large');
      const { seconds, cpu, memory } = good(await run(bed));
      print(name, `${seconds.toFixed(0)} s`, `${cpu.toFixed(1)} s`, `${memory.toFixed(0)} MB`);
    });
  await row('webgen-deploy deploy', (bed) => bed.deploy('large', manifests, ['--timeout', limit]));
  await row('kubectl apply --server-side, rollout status', (bed) =>
    bed.kubectl('large', manifests, limit),
  );
  const helm = await provideHelm();
  if ('missing' in helm) return print('helm', helm.missing, '', '');
  await row('helm upgrade --install --wait', (bed) => bed.helmInstall('large', manifests, limit));
}

interface Failure {
  readonly title: string;
  /** In the namespace beforehand. */
  readonly objects: readonly unknown[];
  readonly manifests: string;
  /** What the API shows from the first moment on that the verdict counts from. */
  readonly path: string;
  readonly shows: (body: Shown) => boolean;
  readonly why: RegExp;
}

const refusal: Failure = {
  title: 'a quota refuses every pod: from the first refusal',
  objects: [noPods],
  manifests: deployments(1, 1),
  path: '/apis/apps/v1/namespaces/failing/deployments/web-0',
  shows: (body) =>
    body.status?.conditions?.some(
      (one: Shown) => one.type === 'ReplicaFailure' && one.status === 'True',
    ),
  why: /quota/i,
};

const crash: Failure = {
  title: 'a crash loop: from the third restart, the proof',
  objects: [],
  manifests: crashing(),
  path: '/api/v1/namespaces/failing/pods',
  shows: (body) =>
    body.items?.some((pod: Shown) => (pod.status.containerStatuses?.[0]?.restartCount ?? 0) >= 3),
  why: /crash|restarted/i,
};

async function failureRows(bed: Bed, failure: Failure): Promise<void> {
  console.log();
  print(failure.title, 'to the verdict', 'says why');
  print('---', '---', '---');
  const patience = `${failMs / 1000}s`;
  const row = async (name: string, run: () => Promise<Measured>) => {
    await bed.namespace('failing', failure.objects);
    const [proof, ended] = await Promise.all([
      bed.moment(failure.path, failure.shows),
      run().then((each) => ({ ...each, at: performance.now() })),
    ]);
    if (ended.code === 0) throw new Error(`${name} did not fail\n${ended.text}`);
    const isLate = ended.at - proof >= failMs - 3_000;
    const time = isLate ? `> ${failMs / 1000} s` : words((ended.at - proof) / 1000);
    print(name, time, failure.why.test(ended.text) ? 'yes' : 'no');
    await bed.clear('failing');
  };
  const { manifests } = failure;
  await row('webgen-deploy deploy', () => bed.deploy('failing', manifests));
  await row('kubectl rollout status', () => bed.kubectl('failing', manifests, patience));
  if ('missing' in bed.helm) return print('helm', bed.helm.missing, '');
  await row('helm upgrade --install --wait', () => bed.helmInstall('failing', manifests, patience));
}

async function imageRows(): Promise<void> {
  console.log();
  const times = await measureImages();
  if ('missing' in times) return print('two images', times.missing);
  const { together, oneByOne } = times;
  const done = times.scanned
    ? 'built, pushed and scanned'
    : 'built and pushed (no Trivy: make trivy)';
  print(`two images ${done}`, 'side by side', 'one by one', 'ratio');
  print('---', '---', '---', '---');
  const ratio = (together / oneByOne).toFixed(2);
  print('whole runs, nothing cached, middle of 3', words(together), words(oneByOne), ratio);
}

async function withBed(work: (bed: Bed) => Promise<void>): Promise<void> {
  const bed = await makeBed();
  try {
    await work(bed);
  } finally {
    await bed.stop();
  }
}

console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores\n`);
const tables = {
  apply: () => withBed(applyRows),
  large: largeRows,
  verdict: () =>
    withBed(async (bed) => {
      await failureRows(bed, refusal);
      await failureRows(bed, crash);
    }),
  images: imageRows,
};
const wanted = process.argv.slice(2);
for (const [name, make] of Object.entries(tables)) {
  if (wanted.length === 0 || wanted.includes(name)) await make();
}
