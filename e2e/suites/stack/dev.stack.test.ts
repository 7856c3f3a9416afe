// `make dev`: the whole system on one machine, with a Docker engine.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exec } from '../../support/cluster/exec.ts';
import { freePorts } from '../../support/cluster/until.ts';
import { provideBase } from '../../support/stack/bases.ts';
import { type Engine, startEngine } from '../../support/stack/engine.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', '..', 'example');
let engine: Engine | undefined;
let folder = '';
let env: Record<string, string> = {};
// Containers of an engine that leaves the packet filter alone need root as an engine does.
const asRoot = process.getuid?.() === 0 ? test : test.skip;

beforeAll(async () => {
  if (process.getuid?.() !== 0) return;
  engine = await startEngine();
  folder = await mkdtemp(join(tmpdir(), 'webgen-dev-'));
  const wanted = (source: string) => !['node_modules', '.next', '.env'].includes(basename(source));
  await cp(EXAMPLE, folder, { recursive: true, filter: wanted });
  const [api, web] = await freePorts(2);
  env = {
    ...engine.env,
    COMPOSE_PROJECT_NAME: 'webgen-dev-test',
    API_PORT: `${api}`,
    HTTP_PORT: `${web}`,
    BUILD_NETWORK: 'host',
    BASE_PYTHON: await provideBase(engine, 'python'),
    BASE_NODE: await provideBase(engine, 'node'),
    BASE_POSTGRES: await provideBase(engine, 'postgres'),
  };
}, 1_800_000);

afterAll(async () => {
  if (engine === undefined) return;
  const compose = ['docker-compose', ['down', '--volumes']] as const;
  await exec(...compose, { cwd: folder, env });
  await engine.stop();
  await rm(folder, { recursive: true, force: true });
}, 120_000);

asRoot(
  'answers on /health and /, and shows what was added',
  async () => {
    const done = await exec('make', ['dev'], { cwd: folder, env });
    expect({ code: done.code, text: done.code === 0 ? '' : done.stdout + done.stderr }).toEqual({
      code: 0,
      text: '',
    });
    const web = `http://localhost:${env['HTTP_PORT']}`;
    expect((await fetch(`http://localhost:${env['API_PORT']}/health`)).status).toBe(200);
    const session = await fetch(`${web}/api/session`, { method: 'POST' });
    const { token } = (await session.json()) as { token: string };
    const added = await fetch(`${web}/api/creatives`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"title":"Tea"}',
    });
    expect(added.status).toBe(201);
    expect(await (await fetch(web)).text()).toContain('Tea');
  },
  900_000,
);
