// The product in a minute: a local cluster, a deploy as a GitHub runner does it, then a broken release.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ActionResult, runAction } from '../e2e/support/runner/run-action.ts';
import { openSite } from '../e2e/support/site.ts';
import { demoImages } from './demo-images.ts';

const root = join(import.meta.dirname, '..');
const say = (line: string) => console.log(`\n\u001b[1m▶ ${line}\u001b[0m`);
const seconds = (from: number) => `${((Date.now() - from) / 1000).toFixed(1)} s`;

/** The runner's view of the log: masks are its own business, groups are headings. */
function show(line: string): void {
  if (/^::(add-mask|endgroup)::/.test(line)) return;
  console.log(
    `  ${
      line
        .replace(/^::group::/, '▾ ')
        .replace(/^::(error|warning|notice) .*?::/, 'annotation: ')
        .split('%0A')[0]
    }`,
  );
}

const from = Date.now();
say('A local cluster: etcd, API server, controllers and simulated nodes; Yandex Cloud is emulated');
const site = await openSite();
console.log(`  up in ${seconds(from)}: ${site.cluster.server}`);
const workspace = await mkdtemp(join(tmpdir(), 'webgen-demo-'));
let code = 1;
try {
  await cp(join(root, 'e2e', 'support', 'fixtures', 'shop'), workspace, { recursive: true });
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  };
  await site.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(namespace));
  const push = (tag: string): Promise<ActionResult> =>
    runAction({
      workspace,
      onLine: ({ text }) => show(text),
      inputs: {
        ...site.access,
        namespace: 'shop',
        images: `backend=registry.example/shop/backend:${tag}\nfrontend=registry.example/shop/frontend:${tag}`,
      },
    });

  say('A push to main: dist/index.js, started as a GitHub runner starts it');
  const good = await push('1.0.0');

  say('The next push breaks the backend: somebody removed its security context');
  const file = join(workspace, 'manifests/base/backend.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/\n {10}securityContext:[\s\S]*?(?=\n---)/, ''));
  const bad = await push('1.1.0');
  console.log(
    `\n  both runs, cluster included: ${seconds(from)}; the broken one was known after ${(bad.durationMs / 1000).toFixed(1)} s`,
  );
  await good.cleanUp();
  await bad.cleanUp();
  const told = bad.outputs['error-code'] === 'admission-denied';
  code = good.outputs['status'] === 'deployed' && bad.code === 1 && told ? 0 : 1;
} finally {
  await rm(workspace, { recursive: true, force: true });
  await site.stop();
}
if (!(await demoImages({ say, show }))) code = 1;
process.exit(code);
