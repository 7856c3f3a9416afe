// The real Trivy with an invented database, against a real registry and API server: what it finds,
// what a gate does about it, and every way it can fail.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execOk } from '../../support/cluster/exec.ts';
import { freePorts } from '../../support/cluster/until.ts';
import { startGithubApi } from '../../support/github/emulator.ts';
import { pullRequest } from '../../support/github/operations.ts';
import { type OwnRegistry, startOwnRegistry } from '../../support/images/registry.ts';
import { plantedToken, pushDatabase, pushScanned } from '../../support/images/scanned.ts';
import type { ActionOptions } from '../../support/runner/run-action.ts';
import { openSharedSite, type Run, type Site } from '../../support/site.ts';
import { findTrivy, noTrivy } from '../../support/tools/trivy.ts';

const trivy = await findTrivy();
if (!trivy) process.stderr.write(`skipped: ${noTrivy}\n`);
const withTrivy = trivy ? describe : describe.skip;

let site: Site;
let registry: OwnRegistry;
let database = '';
let bin = '';
let cache = '';
let dead = '';
let namespace = '';
let count = 0;

const day = 86_400_000;
const date = (ms: number) => new Date(ms).toISOString();
const references: Record<string, string> = {};

beforeAll(async () => {
  if (!trivy) return;
  [site, registry] = await Promise.all([openSharedSite(), startOwnRegistry()]);
  const { address } = registry;
  const now = Date.now();
  database = await pushDatabase(address, {
    updatedAt: date(now - 3 * 3_600_000),
    nextUpdate: date(now + day),
  });
  for (const kind of ['old', 'vulnerable', 'clean'] as const) {
    references[kind] = (await pushScanned(address, kind)).reference;
  }
  references['old-2'] = (await pushScanned(address, 'old', '2')).reference;
  dead = `127.0.0.1:${(await freePorts(1))[0]}`;
  bin = await mkdtemp(join(tmpdir(), 'webgen-trivy-'));
  cache = await mkdtemp(join(tmpdir(), 'webgen-tools-'));
  // It is the real one; what it was given is written down on the way.
  const spy = `#!/bin/sh\nenv > ${bin}/env.$$\necho "$@" > ${bin}/args.$$\nexec ${trivy} "$@"\n`;
  await writeFile(join(bin, 'trivy'), spy);
  await chmod(join(bin, 'trivy'), 0o755);
}, 900_000);

afterAll(async () => {
  await registry?.stop();
  await site?.stop();
  for (const folder of [bin, cache].filter((each) => each !== '')) {
    await rm(folder, { recursive: true, force: true });
  }
});

beforeEach(async () => {
  if (!trivy) return;
  count += 1;
  namespace = `scan-${count}`;
  await site.cluster.kubectl(['create', 'namespace', namespace]);
});

/** A Deployment with nothing weak in it, so that only images count. */
const strict = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: backend
spec:
  replicas: 1
  selector:
    matchLabels: {app: backend}
  template:
    metadata:
      labels: {app: backend}
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 20001
        runAsGroup: 20001
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: main
          image: backend
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            runAsNonRoot: true
            capabilities: {drop: [ALL]}
          resources:
            requests: {cpu: 10m, memory: 16Mi}
            limits: {cpu: 100m, memory: 64Mi}
`;

interface Deploying {
  readonly image?: string | undefined;
  readonly files?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly options?: Partial<ActionOptions>;
}

async function deploy({ image, files = {}, inputs = {}, options = {} }: Deploying): Promise<Run> {
  const workspace = await site.workspace({ 'app.yaml': strict, ...files });
  return site.run(
    {
      app: 'shop',
      environment: 'production',
      namespace,
      manifests: 'app.yaml',
      images: `backend=${image ?? references['clean']}`,
      'trivy-version': 'none',
      'trivy-db-repository': database,
      ...inputs,
    },
    {
      workspace,
      ...options,
      env: {
        RUNNER_TOOL_CACHE: cache,
        PATH: [bin, process.env['PATH']].join(delimiter),
        ...options.env,
      },
    },
  );
}

const ending = ({ code, outputs }: Run) => [code, outputs['status'], outputs['error-code']];
const json = (text: string | undefined) => JSON.parse(text ?? '');

async function deployed(): Promise<boolean> {
  const list = await site.cluster.kubectl(['get', 'deployments', '-n', namespace, '-o', 'name']);
  return list.includes('backend');
}

withTrivy('under gate', () => {
  test('a vulnerable image leaves the cluster as it is, and says what to update', async () => {
    const run = await deploy({ image: references['vulnerable'], inputs: { scan: 'gate' } });
    expect(ending(run)).toEqual([1, 'failed', 'image-vulnerable']);
    expect(await deployed()).toBe(false);
    expect(run.text).toMatch(/vulnerability database of .* UTC, 3 h old, from 127/);
    expect(run.text).toContain('CRITICAL CVE-2099-0001 bash 5.2.15-2 → 9:99-1');
    expect(run.summary).toContain('[CVE-2099-0001](https://avd.aquasec.com/nvd/cve-2099-0001)');
    // What stands in a fence is text.
    expect(run.summary.replaceAll(/^```.*?^```$/gms, '')).not.toContain('<script>');
    expect(run.text + run.summary).not.toContain(plantedToken);
  }, 120_000);

  test('a clean image is deployed', async () => {
    const run = await deploy({ inputs: { scan: 'gate' } });
    expect(ending(run)).toEqual([0, 'deployed', '']);
    expect(run.text).toContain('kept from an earlier run');
    expect(run.text).toContain('Scan of backend: nothing that counts');
    expect(run.summary).toContain('scan backend');
  }, 120_000);

  test('a weak manifest is refused at its file and line', async () => {
    const weak = strict.replace('readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false');
    const files = { 'app.yaml': `# first\n${weak}` };
    const run = await deploy({ files, inputs: { scan: 'gate' } });
    expect(ending(run)).toEqual([1, 'failed', 'manifest-insecure']);
    expect(json(run.outputs['findings'])[0]).toMatchObject({
      object: 'Deployment/backend',
      file: 'app.yaml',
      line: 2,
      evidence: expect.arrayContaining([expect.stringContaining('KSV-0014')]),
    });
    expect(await deployed()).toBe(false);
  }, 120_000);

  test('unfixed vulnerabilities count, until that is turned off', async () => {
    const gate = { scan: 'gate' };
    const first = await deploy({ image: references['old'], inputs: gate });
    expect(ending(first)).toEqual([1, 'failed', 'image-vulnerable']);
    const inputs = { ...gate, 'scan-ignore-unfixed': 'true' };
    const second = await deploy({ image: references['old'], inputs });
    expect(ending(second)).toEqual([0, 'deployed', '']);
  }, 120_000);

  test('what runs already does not count with scan-baseline, what is new does', async () => {
    await deploy({ image: references['old'] });
    const inputs = { scan: 'gate', 'scan-baseline': 'true' };
    const same = await deploy({ image: references['old-2'], inputs });
    expect(ending(same)).toEqual([0, 'deployed', '']);
    expect(same.summary).toContain('1 run already');
    const worse = await deploy({ image: references['vulnerable'], inputs });
    expect(ending(worse)).toEqual([1, 'failed', 'image-vulnerable']);
    const [found] = json(worse.outputs['findings']);
    expect(found.what).toBe(
      'Image backend has 3 problems that the running one has not: 2 critical, 1 high.',
    );
  }, 180_000);

  test('what an ignore file accepts does not count; an entry that ends soon is told', async () => {
    const soon = date(Date.now() + 5 * day).slice(0, 10);
    const statement = 'statement: no shell is started';
    const files = {
      '.trivyignore': 'github-pat\nCVE-2099-0006\n',
      '.trivyignore.yaml': `vulnerabilities:
  - id: CVE-2099-0001
    ${statement}
    expired_at: ${soon}
  - id: CVE-2099-0004
    ${statement}
    purls: ["pkg:pypi/jinja2"]
    expired_at: 2099-01-01
`,
    };
    const image = references['vulnerable'] ?? '';
    const run = await deploy({ image, files, inputs: { scan: 'gate' } });
    expect(ending(run)).toEqual([0, 'deployed', '']);
    expect(run.text).toMatch(/accepts CVE-2099-0001 for 5 more days only/);
    expect(run.summary).toContain('4 accepted by .trivyignore');
    expect(run.summary).toContain('no shell is started');
  }, 120_000);

  test.each([
    [
      'nobody answers for the database',
      'vulnerability-database-unavailable',
      /ECONNREFUSED|refused/,
    ],
    ['nobody answers for the registry', 'registry-unreachable', /refused/],
    ['the image is not there', 'image-not-found', /MANIFEST_UNKNOWN/],
  ])(
    'nothing is written where %s',
    async (why, code, evidence) => {
      const empty = await mkdtemp(join(tmpdir(), 'webgen-empty-'));
      const inputs = { scan: 'gate', ...(/database/.test(why) ? noDatabase() : {}) };
      const image = /registry/.test(why)
        ? `${dead}/shop/backend:1`
        : `${registry.address}/shop/backend:${/not there/.test(why) ? 'absent' : 'clean-1'}`;
      const options = /database/.test(why) ? { env: { RUNNER_TOOL_CACHE: empty } } : {};
      const run = await deploy({ image, inputs, options });
      await rm(empty, { recursive: true });
      expect(ending(run)).toEqual([1, 'failed', code]);
      expect(run.text).toMatch(evidence);
      expect(await deployed()).toBe(false);
    },
    120_000,
  );
});

const noDatabase = () => ({ 'trivy-db-repository': `${dead}/trivy-db:2` });

withTrivy('under report', () => {
  test('a vulnerable image is deployed, with a warning and every output', async () => {
    const run = await deploy({ image: references['vulnerable'], inputs: { scan: 'report' } });
    expect(ending(run)).toEqual([0, 'deployed', '']);
    expect(await deployed()).toBe(true);
    const [found] = json(run.outputs['findings']);
    expect(found).toMatchObject({ code: 'image-vulnerable', severity: 'warning' });
    const sarif = json(await readFile(json(run.outputs['sarif-paths']).backend, 'utf8'));
    expect([sarif.version, sarif.runs[0].tool.driver.name]).toEqual(['2.1.0', 'Trivy']);
    expect(sarif.runs[0].automationDetails.id).toBe('webgen-deploy/shop/image/backend/');
    const rules = sarif.runs[0].results.map(({ ruleId }: { ruleId: string }) => ruleId);
    expect(new Set(rules)).toEqual(
      new Set(['CVE-2099-0001', 'CVE-2099-0004', 'CVE-2099-0006', 'github-pat']),
    );
    const sbom = json(await readFile(json(run.outputs['sbom-paths']).backend, 'utf8'));
    expect(sbom.bomFormat).toBe('CycloneDX');
    const names = sbom.components.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(['bash', 'tar', 'Jinja2']));
    const report = json(await readFile(run.outputs['report-path'] ?? '', 'utf8'));
    expect(report.scans).toHaveLength(2);
  }, 120_000);

  test('a scanner that cannot run is a warning, and the deploy goes on', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'webgen-empty-'));
    const options = { env: { RUNNER_TOOL_CACHE: empty } };
    const inputs = { scan: 'report', ...noDatabase() };
    const run = await deploy({ inputs, options });
    await rm(empty, { recursive: true });
    expect(ending(run)).toEqual([0, 'deployed', '']);
    expect(json(run.outputs['findings'])[0]).toMatchObject({
      code: 'vulnerability-database-unavailable',
      severity: 'warning',
    });
  }, 120_000);

  test('an old database is used for a week, with its age', async () => {
    const old = await mkdtemp(join(tmpdir(), 'webgen-old-'));
    const dates = { updatedAt: date(Date.now() - 3 * day), nextUpdate: date(Date.now() - 2 * day) };
    const outdated = await pushDatabase(registry.address, dates);
    const options = { env: { RUNNER_TOOL_CACHE: old } };
    await deploy({ inputs: { scan: 'gate', 'trivy-db-repository': outdated }, options });
    const run = await deploy({ inputs: { scan: 'gate', ...noDatabase() }, options });
    await rm(old, { recursive: true });
    expect(ending(run)).toEqual([0, 'unchanged', '']);
    expect(run.text).toMatch(/the scan uses that of .* UTC, 3 days old/);
  }, 120_000);
});

withTrivy('a preview', () => {
  test('has what scans found in its summary and its comment, and writes nothing', async () => {
    const github = await startGithubApi();
    const base = { ref: 'develop' };
    const options = {
      eventName: 'pull_request',
      ref: `refs/pull/${pullRequest}/merge`,
      baseRef: 'develop',
      event: { pull_request: { number: pullRequest, base } },
      env: github.env,
      githubToken: github.token,
    } as const;
    const weak = strict.replace('readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false');
    const parts = { image: references['vulnerable'], files: { 'app.yaml': weak }, options };
    const run = await deploy({ ...parts, inputs: { command: 'diff', scan: 'report' } });
    expect(ending(run)).toEqual([0, 'succeeded', '']);
    const [comment] = github.held.comments;
    for (const page of [run.summary, `${comment?.body}`]) {
      expect(page).toContain('[CVE-2099-0001](https://avd.aquasec.com/nvd/cve-2099-0001)');
      expect(page).toContain('KSV-0014');
    }
    expect(run.text + run.summary + comment?.body).not.toContain(plantedToken);
    const red = await deploy({ ...parts, inputs: { command: 'diff', scan: 'gate' } });
    expect(ending(red)[0]).toBe(1);
    expect(await deployed()).toBe(false);
    await github.stop();
    // Ignore files and code scanning are not emulated.
    const others = github.problems.filter((each) => !/\.trivyignore|code-scanning/.test(each));
    expect(others).toEqual([]);
  }, 120_000);
});

withTrivy('the scanner', () => {
  test('sees no secret, no TRIVY_ variable and no trivy.yaml of the workspace', async () => {
    await execOk('sh', ['-c', `rm -f ${bin}/env.* ${bin}/args.*`]);
    const run = await deploy({
      image: references['vulnerable'],
      files: { 'trivy.yaml': 'severity: [LOW]\nscan:\n  scanners: [license]\n' },
      inputs: { scan: 'gate', secrets: 'db/password=hunter22hunter22' },
      options: {
        githubToken: 'ghs_0123456789abcdef',
        env: {
          TRIVY_SEVERITY: 'LOW',
          TRIVY_SKIP_FILES: '**',
          GITHUB_TOKEN: 'ghs_0123456789abcdef',
        },
      },
    });
    expect(ending(run)).toEqual([1, 'failed', 'image-vulnerable']);
    const seen = await execOk('sh', ['-c', `cat ${bin}/env.* ${bin}/args.*`]);
    expect(seen).toContain('PATH=');
    expect(seen).not.toMatch(/^(?:TRIVY_|INPUT_|GITHUB_TOKEN|KUBECONFIG|ACTIONS_)/m);
    expect(seen).not.toMatch(/hunter22|ghs_|PRIVATE KEY/);
  }, 120_000);

  test('as a command of its own needs no cluster, and leaves nothing but its files', async () => {
    const { 'yc-k8s-cluster-id': _, ...rest } = site.access;
    const inputs = {
      command: 'scan',
      'yc-k8s-cluster-id': '',
      ...Object.fromEntries(Object.keys(rest).map((name) => [name, ''])),
    };
    const run = await deploy({ image: references['vulnerable'], inputs });
    expect(ending(run)).toEqual([0, 'succeeded', '']);
    expect(json(run.outputs['findings'])[0]).toMatchObject({ code: 'image-vulnerable' });
    const left = await execOk('ls', [run.tempDir]);
    expect(left).toContain('webgen-deploy-report-');
    expect(left).not.toMatch(/webgen-deploy-(?:scan|tool)-/);
    expect(await execOk('ls', ['-A', join(cache, 'webgen-deploy-trivy-db')])).toMatch(/^\d+\n$/);
  }, 120_000);
});
