// Every run ends: refused while the lock is taken, or by a signal at any moment; and says what is true.
// `ENDINGS=100` repeats each a hundred times as often; `SHOW=1` prints one line a run.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../support/cluster/until.ts';
import type { ActionResult, RunningAction } from '../../support/runner/run-action.ts';
import { deployment, namespaceFor, openSharedSite, type Site } from '../../support/site.ts';

const times = Number(process.env['ENDINGS'] ?? 1);
/** Of a run of ordinary size. */
const mostMegabytes = 300;
const namespace = namespaceFor('endings');
let site: Site;

beforeAll(async () => {
  site = await openSharedSite();
  await site.cluster.kubectl(['create', 'namespace', namespace]);
}, 900_000);

afterAll(() => site?.stop());

interface Ended {
  readonly result: ActionResult;
  /** From the signal to the end. */
  readonly ms: number;
  /** Of its main thread and whatever else it is, at its highest. */
  readonly megabytes: number;
}

const inputs = {
  namespace,
  app: 'endings',
  manifests: 'app.yaml',
  patience: 'strict',
  timeout: '60s',
};

/** A run that gets its signal when `when` has come; without one it ends by itself. */
async function ended(
  yaml: string,
  signal?: NodeJS.Signals,
  when: (running: RunningAction, text: () => string) => Promise<unknown> = async () => undefined,
  more: Readonly<Record<string, string>> = {},
  { env = {}, file = 'app.yaml' }: { env?: Readonly<Record<string, string>>; file?: string } = {},
): Promise<Ended> {
  const workspace = await site.workspace({ [file]: yaml });
  let text = '';
  const running = await site.start(
    { ...inputs, ...more },
    {
      workspace,
      env,
      timeoutMs: 90_000,
      onLine: (line) => {
        text += `${line.text}\n`;
      },
    },
  );
  let megabytes = 0;
  const looking = setInterval(() => {
    megabytes = Math.max(megabytes, memoryOf(running.pid));
  }, 50);
  try {
    await Promise.race([when(running, () => text), running.finished]);
    const from = performance.now();
    if (signal) running.kill(signal);
    const result = await running.finished;
    const ms = Math.round(performance.now() - from);
    if (process.env['SHOW']) {
      const { code, outputs } = result;
      process.stderr.write(
        `${signal ?? 'no signal'} ${ms} ms ${megabytes} MB ${code} ${outputs['status']}\n`,
      );
    }
    return { result, ms, megabytes };
  } finally {
    clearInterval(looking);
  }
}

/** VmHWM: the most that it has ever held. Zero once it has ended. */
function memoryOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}

const names = async (kind: string): Promise<readonly string[]> =>
  (await site.cluster.kubectl(['-n', namespace, 'get', kind, '-o', 'name']))
    .split('\n')
    .map((line) => line.slice(line.indexOf('/') + 1))
    .filter((name) => name.startsWith('c-'));

/** A builder whose `bake` and its child ignore SIGTERM and hold the output open. */
const deaf = `#!/bin/bash
case "$2" in
  inspect) printf 'Name: test\\nDriver: docker-container\\n\\nNodes:\\nName: test0\\nStatus: running\\nBuildKit version: v0.33.0\\nPlatforms: linux/amd64\\n' ;;
  bake) trap '' TERM INT
    echo '{"vertexes":[{"digest":"sha256:1","name":"[1/1] RUN deaf to all","started":"2026-01-01T00:00:00Z"}]}' >&2
    (trap '' TERM INT; sleep 60) & sleep 60 ;;
esac
`;

interface Change {
  readonly object: string;
  readonly change: string;
}

const createdBy = ({ outputs }: ActionResult): readonly string[] =>
  (JSON.parse(outputs['changes'] || '[]') as Change[])
    .filter(({ change }) => change === 'created')
    .map(({ object }) => object.slice('ConfigMap/'.length));

const configMaps = (count: number, prefix: string): string =>
  Array.from(
    { length: count },
    (_, i) => `apiVersion: v1
kind: ConfigMap
metadata: {name: ${prefix}-${i}, namespace: ${namespace}}
data: {value: "${i}"}
`,
  ).join('---\n');

describe('a deploy that is refused while the lock is taken', () => {
  test(
    `ends, and changes nothing (${5 * times} times)`,
    async () => {
      // One mistake is found while the lock's own POST or PUT is under way, the other in the dry run.
      const nameless = configMaps(3, 'c-refused').replace('name:', 'nme:');
      const unknown = configMaps(3, 'c-refused').replace('\ndata:', '\ndta:');
      for (let i = 0; i < 5 * times; i += 1) {
        const { result, ms, megabytes } = await ended(i % 2 === 0 ? nameless : unknown);
        const code = i % 2 === 0 ? 'manifest-invalid' : 'field-unknown';
        expect(result.outputs['error-code']).toBe(code);
        expect(ms).toBeLessThan(30_000);
        expect(megabytes).toBeLessThan(mostMegabytes);
      }
      expect(await names('configmaps')).toEqual([]);
    },
    900_000 * Math.max(1, times / 20),
  );
});

describe('300 objects, ended by SIGINT at a random moment', () => {
  test(
    `ends within 7 s, and the cluster is as it says (${6 * times} times)`,
    async () => {
      for (let i = 0; i < 6 * times; i += 1) {
        const prefix = `c-int-${i}`;
        const moment = 300 + Math.random() * 1500;
        const { result, ms, megabytes } = await ended(configMaps(300, prefix), 'SIGINT', () =>
          sleep(moment),
        );
        expect(ms).toBeLessThan(7_000);
        expect(megabytes).toBeLessThan(mostMegabytes);
        const there = (await names('configmaps')).filter((name) => name.startsWith(`${prefix}-`));
        const said = createdBy(result);
        const uncertain = there.filter((name) => !said.includes(name));
        // What was under way when it ended may be there: then it says so of each by name.
        for (const name of uncertain) expect(result.stdout).toContain(`ConfigMap/${name}`);
        for (const name of said) expect(there).toContain(name);
        if (result.code === 0) expect(said).toHaveLength(300);
        // Before it listens to signals it has begun nothing, and the system ends it.
        else if (result.code === -1) expect(there).toEqual([]);
        else expect(result.outputs['status']).toBe('cancelled');
        await site.cluster.kubectl([
          '-n',
          namespace,
          'delete',
          'configmaps',
          '--all',
          '--wait=false',
        ]);
      }
    },
    900_000 * Math.max(1, times / 20),
  );
});

describe('ended by SIGTERM', () => {
  const stuck = deployment('c-stuck').replace(
    '      containers:',
    '      nodeSelector: {kubernetes.io/os: plan9}\n      containers:',
  );
  const saying = (words: RegExp) => async (_: RunningAction, text: () => string) => {
    await until({ what: `${words}`, everyMs: 20 }, async () => words.test(text()));
  };

  test(
    `in the wait: within 2 s (${2 * times} times)`,
    async () => {
      for (let i = 0; i < 2 * times; i += 1) {
        const { result, ms, megabytes } = await ended(stuck, 'SIGTERM', saying(/unschedulable/), {
          patience: 'patient',
        });
        expect(ms).toBeLessThan(2_000);
        expect(megabytes).toBeLessThan(mostMegabytes);
        expect(result.outputs['status']).toBe('cancelled');
        expect(result.stdout).toContain('Applied: Deployment/c-stuck');
        await site.cluster.kubectl(['-n', namespace, 'delete', 'deployment', 'c-stuck']);
      }
    },
    900_000 * Math.max(1, times / 20),
  );

  test(
    `in a build that hears nothing: within 2 s (${2 * times} times)`,
    async () => {
      const bin = await site.workspace({ docker: deaf });
      await chmod(join(bin, 'docker'), 0o755);
      const env = { PATH: [bin, process.env['PATH']].join(delimiter) };
      const registry = createServer((request, response) => {
        const begins = request.method === 'POST';
        response.writeHead(begins ? 202 : request.url === '/v2/' ? 200 : 404, {
          location: '/v2/u',
        });
        response.end();
      }).listen(0, '127.0.0.1');
      await once(registry, 'listening');
      const building = {
        registry: `127.0.0.1:${(registry.address() as AddressInfo).port}/shop`,
        build: '- name: web\n  context: .\n',
        manifests: '',
        scan: 'off',
        command: 'build',
      };
      for (let i = 0; i < 2 * times; i += 1) {
        const { result, ms, megabytes } = await ended(
          'FROM scratch\n',
          'SIGTERM',
          saying(/deaf to all/),
          building,
          { env, file: 'Dockerfile' },
        );
        expect(ms).toBeLessThan(2_000);
        expect(megabytes).toBeLessThan(mostMegabytes);
        expect([result.stdout, result.outputs['status']]).toEqual([result.stdout, 'cancelled']);
      }
      registry.close();
    },
    900_000 * Math.max(1, times / 20),
  );

  test(
    `in an undo: within 2 s, and what is not back is said (${2 * times} times)`,
    async () => {
      const good = (await ended(deployment('c-undo'))).result;
      expect(good.outputs['status']).toBe('deployed');
      const bad = deployment('c-undo', { image: 'registry.example/app:2' }).replace(
        '    metadata:\n      labels: {app: c-undo}',
        '    metadata:\n      labels: {app: c-undo}\n      annotations: {simulate/pod: image-missing}',
      );
      for (let i = 0; i < 2 * times; i += 1) {
        const { result, ms, megabytes } = await ended(bad, 'SIGTERM', saying(/^Undoing what/m));
        expect(ms).toBeLessThan(2_000);
        expect(megabytes).toBeLessThan(mostMegabytes);
        expect(['failed', 'rolled-back', 'cancelled']).toContain(result.outputs['status']);
        const image = await site.cluster.kubectl([
          ...['-n', namespace, 'get', 'deployment', 'c-undo'],
          ...['-o', 'jsonpath={.spec.template.spec.containers[0].image}'],
        ]);
        if (result.outputs['rolled-back'] === 'true') expect(image).toBe('registry.example/app:1');
        if (image !== 'registry.example/app:1') expect(result.stdout).toMatch(/Deployment\/c-undo/);
        await ended(deployment('c-undo'));
      }
    },
    900_000 * Math.max(1, times / 20),
  );
});
