// One outcome per way a run can end; the goldens show how each reads.

import type { Change } from '../../../src/apply/planned/change.ts';
import type { ReportedFinding } from '../../../src/core/errors.ts';
import { finding } from '../../../src/core/errors.ts';
import type { Outcome } from '../../../src/report/outcome.ts';
import type { State, WorkloadResult } from '../../../src/rollout/facts/verdict.ts';
import { findingsOf } from '../../../src/scan/findings.ts';
import { filesScanName } from '../../../src/scan/result.ts';
import { resultOf } from '../scan/results.ts';

const start = Date.UTC(2026, 10, 2, 20, 40, 0);

const plain: Outcome = {
  command: 'deploy',
  status: 'deployed',
  app: 'shop',
  environment: 'production',
  namespace: 'web',
  images: {
    backend: 'registry.example.com/shop/backend@sha256:1f3c',
    frontend: 'registry.example.com/shop/frontend:1.4',
  },
  changes: [],
  restarts: [],
  unverified: [],
  workloads: [],
  scans: [],
  findings: [],
  timings: [
    { section: 'prepare', name: 'kubectl 1.33.4', from: start, to: start + 900 },
    { section: 'prepare', name: 'IAM token', from: start + 100, to: start + 600 },
    { section: 'apply', name: 'dry run', from: start + 950, to: start + 1300 },
    { section: 'apply', name: 'stage 1: configuration', from: start + 1300, to: start + 1500 },
  ],
  startedAt: start,
  endedAt: start + 48_000,
  apiRequests: 31,
};

function workload(object: string, state: State, words: string, seconds = 20): WorkloadResult {
  const verdict = { state, words, progress: [], findings: [] };
  return {
    object,
    namespace: 'web',
    verdict,
    from: start + 2000,
    to: start + 2000 + seconds * 1000,
  };
}

const applied: readonly Change[] = [
  { object: 'ConfigMap/settings', namespace: 'web', change: 'configured', fields: ['data.LEVEL'] },
  { object: 'Secret/database', namespace: 'web', change: 'created' },
  { object: 'Service/backend', namespace: 'web', change: 'unchanged' },
  { object: 'Service/frontend', namespace: 'web', change: 'unchanged' },
  {
    object: 'Deployment/backend',
    namespace: 'web',
    change: 'configured',
    fields: ['spec.template.spec.containers[name="backend"].image'],
  },
  { object: 'Deployment/frontend', namespace: 'web', change: 'unchanged' },
];

const deployed: Outcome = {
  ...plain,
  changes: applied,
  restarts: [{ object: 'Deployment/frontend', namespace: 'web', because: ['ConfigMap/settings'] }],
  unverified: [{ object: 'Certificate/shop', why: 'its CRD is created by this run' }],
  workloads: [
    workload('Deployment/backend', 'ready', '3 of 3 available', 31),
    workload('Deployment/frontend', 'ready', '2 of 2 available', 12),
  ],
  findings: [
    finding('probe-failing', 'Deployment/backend was slow: its readiness probe failed 4 times', {
      severity: 'warning',
      object: 'Deployment/backend',
      namespace: 'web',
      evidence: ['Readiness probe failed: HTTP probe failed with statuscode: 503'],
    }),
  ],
};

const unchanged: Outcome = {
  ...plain,
  status: 'unchanged',
  changes: applied.map((each) => ({
    object: each.object,
    ...(each.namespace && { namespace: each.namespace }),
    change: 'unchanged',
  })),
  workloads: deployed.workloads,
  endedAt: start + 1234,
};

const newer = { release: 8 };

/** A newer commit went live while the run waited. */
const overtaken: Outcome = {
  ...plain,
  status: 'unchanged',
  overtaken: newer,
  release: { number: 8, previous: 7 },
  findings: [
    {
      ...finding(
        'older-commit',
        'Commit 1f3c5a7b9d1f is older than 2a4d6b8c0e2a, which was deployed as release 8 of shop in production. Nothing was written.',
        {
          namespace: 'web',
          evidence: [
            'GitHub: commit 2a4d6b8c0e2a4d6b8c0e2a4d6b8c0e2a4d6b8c0e comes after 1f3c5a7b9d1f3c5a7b9d1f3c5a7b9d1f3c5a7b9d',
            'release 8 of 2026-11-02T20:38:00.000Z by octocat',
            'https://github.com/org/shop/actions/runs/2',
          ],
          hint: 'Nothing is to be done. To go back to this commit, revert what came after it, and push. Where the workflow says allow-older: true it is deployed as it is.',
        },
      ),
      severity: 'warning',
    },
  ],
  endedAt: start + 1234,
};

function missingImage(pod: string): ReportedFinding {
  return {
    ...finding('image-not-found', 'registry.example.com/shop/backend:1f3c is not in the registry', {
      object: 'Deployment/backend',
      namespace: 'web',
      container: 'backend',
      pod,
      file: 'manifests/base/backend.yaml',
      line: 24,
      evidence: ['Failed to pull image "registry.example.com/shop/backend:1f3c": not found'],
    }),
    node: 'worker-1',
  };
}

const failed: Outcome = {
  ...plain,
  status: 'failed',
  changes: applied,
  workloads: [
    workload('Deployment/frontend', 'ready', '2 of 2 available', 12),
    workload('Deployment/backend', 'failed', '0 of 3 available', 25),
  ],
  findings: [
    finding('timed-out', 'Deployment/backend was not ready in 10 min', {
      object: 'Deployment/backend',
      namespace: 'web',
      evidence: ['waited for: available 0 of 3'],
    }),
    missingImage('backend-7d9f-aaaaa'),
    missingImage('backend-7d9f-bbbbb'),
    missingImage('backend-7d9f-ccccc'),
  ],
};

const rolledBack: Outcome = {
  ...failed,
  status: 'rolled-back',
  undone: {
    state: 'done',
    objects: [
      { object: 'ConfigMap/settings', namespace: 'web', did: 'put back' },
      { object: 'Deployment/backend', namespace: 'web', did: 'put back' },
      { object: 'Secret/database', namespace: 'web', did: 'deleted' },
      {
        object: 'Job/migrate',
        namespace: 'web',
        did: 'left',
        why: 'creating the earlier one again would run it again',
      },
    ],
    workloads: [workload('Deployment/backend', 'ready', '3 of 3 available', 4)],
    from: start + 40_000,
    to: start + 46_500,
  },
};

/** Everything that text from outside may try. */
export const hostileLines: readonly string[] = [
  '::error::you are hacked',
  '  ::set-output name=status::deployed',
  'before ##[group]fold me',
  'a fence: ````` and `code`',
  '<script>alert(1)</script> <img src=x onerror=y>',
  'a | table | row',
  '\u001b[31mred\u001b[0m and \u001b]0;title\u0007done',
  'progress 10%\rprogress 20%',
  '::add-\u200bmask::x',
  '\u200b::warning::hidden behind nothing',
  'mail @everyone, see #12 and https://evil.example/login or www.evil.example',
  '**bold** _it_ ~no~ [link](https://evil.example) ![i](x) \\',
  '</details></summary>',
];

const hostile = hostileLines.join('\n');

/** A name that no API would take, but a file may hold. */
const name = '::error::a|`b`<i>##[x]\n::@c';

const crashed: Outcome = {
  ...failed,
  findings: [
    {
      ...finding('crash-loop', 'backend exits with 1 after 2 s, 3 times', {
        object: 'Deployment/backend',
        namespace: 'web',
        pod: 'backend-7d9f-aaaaa',
        container: 'backend',
        evidence: ['back-off 40s restarting failed container', hostile],
      }),
      count: 3,
      node: 'worker-1',
      logs: [
        { pod: 'backend-7d9f-aaaaa', container: 'backend', previous: true, lines: hostileLines },
        { pod: 'backend-7d9f-aaaaa', container: 'backend', previous: false, lines: [] },
      ],
    },
    finding('admission-denied', hostile, {
      severity: 'warning',
      object: `Weird/${name}`,
      namespace: name,
      file: `manifests/${name}.yaml`,
      line: 3,
      evidence: [name],
      hint: name,
    }),
  ],
  changes: [{ object: `Weird/${name}`, change: 'created', fields: [name] }],
  workloads: [workload(`Weird/${name}`, 'failed', name, 25)],
  restarts: [{ object: `Weird/${name}`, because: [name] }],
  unverified: [{ object: `Weird/${name}`, why: name }],
  images: { [name]: name },
  timings: [{ section: 'apply', name, from: start, to: start + 10, failed: true }],
};

const nothing = { ...plain, status: 'failed', images: {}, timings: [], apiRequests: 0 } as const;

const inputs: Outcome = {
  ...nothing,
  app: '',
  environment: '',
  namespace: '',
  endedAt: start + 30,
  findings: [
    finding('input-invalid', '`timeout` is “10”, which has no unit', { hint: 'Write 10s or 10m.' }),
    finding('input-invalid', '`kubeconfig` and `yc-k8s-cluster-id` are both given', {
      hint: 'Give one cluster.',
    }),
    finding('input-invalid', '`manifets` is no input; did you mean `manifests`?', {
      hint: 'Correct its name.',
    }),
  ],
};

const manifests: Outcome = {
  ...nothing,
  endedAt: start + 700,
  findings: [
    finding('field-unknown', 'Deployment/backend has the unknown field spec.replica', {
      object: 'Deployment/backend',
      namespace: 'web',
      file: 'manifests/base/backend.yaml',
      line: 12,
      evidence: ['strict decoding error: unknown field "spec.replica"'],
    }),
    finding('field-unknown', 'Service/backend has the unknown field spec.port', {
      object: 'Service/backend',
      namespace: 'web',
      file: 'manifests/base/backend.yaml',
      line: 41,
      evidence: ['strict decoding error: unknown field "spec.port"'],
    }),
    finding('manifest-invalid', 'A tab indents this line; YAML allows spaces only', {
      file: 'manifests/base/frontend.yaml',
      line: 7,
    }),
    finding('kind-unknown', 'The cluster does not serve Ingres in networking.k8s.io/v1', {
      object: 'Ingres/shop',
      file: 'https://example.com/shop.yaml',
      line: 1,
    }),
  ],
};

const cancelled: Outcome = {
  ...plain,
  status: 'cancelled',
  changes: applied.slice(0, 2),
  workloads: [workload('Deployment/backend', 'waiting', '1 of 3 available', 4)],
  findings: [
    finding('cancelled', 'The run was cancelled before it ended.', {
      evidence: [
        'Applied: ConfigMap/settings, Secret/database.',
        'The cluster goes on with these; nothing was undone.',
        'Deployment/backend: 1 of 3 available',
      ],
    }),
  ],
  endedAt: start + 6000,
};

const timedOut: Outcome = {
  ...plain,
  status: 'failed',
  release: { number: 13, previous: 12 },
  goodBefore: 11,
  changes: applied,
  workloads: [workload('StatefulSet/postgres', 'waiting', '0 of 1 ready', 600)],
  findings: [
    finding('timed-out', 'StatefulSet/postgres was not ready in 10 min', {
      object: 'StatefulSet/postgres',
      namespace: 'web',
      evidence: ['waited for: ready 0 of 1', 'postgres-0: PodScheduled'],
    }),
    finding('unschedulable', 'No node takes postgres-0 yet', {
      severity: 'warning',
      object: 'StatefulSet/postgres',
      namespace: 'web',
      pod: 'postgres-0',
      evidence: ['0/3 nodes are available: 3 Insufficient memory.'],
    }),
  ],
  endedAt: start + 602_000,
};

const diff: Outcome = {
  ...plain,
  command: 'diff',
  status: 'succeeded',
  changes: [
    ...applied.slice(0, 4),
    {
      object: 'Deployment/backend',
      namespace: 'web',
      change: 'configured',
      fields: ['spec.replicas', 'spec.template.spec.containers[name="backend"].image'],
      patch: [
        ' spec:',
        '-  replicas: 2',
        '+  replicas: 3',
        '-  image: registry.example.com/shop/backend:1.3',
        '+  image: registry.example.com/shop/backend:1.4',
      ].join('\n'),
    },
    { object: 'ConfigMap/old', namespace: 'web', change: 'deleted' },
    { object: 'Deployment/worker', namespace: 'jobs', change: 'deleted' },
  ],
  kept: [{ object: 'Secret/tls', namespace: 'web', why: 'webgen-deploy/keep: "true"' }],
  restarts: deployed.restarts,
  unverified: deployed.unverified,
  scans: [
    resultOf('image-vulnerable.json'),
    resultOf('config.json', { name: filesScanName, kind: 'files' }),
  ],
  endedAt: start + 900,
};

const status: Outcome = {
  ...plain,
  command: 'status',
  status: 'failed',
  images: {},
  timings: [],
  workloads: [
    workload('Deployment/frontend', 'ready', '2 of 2 available', 0),
    workload('Deployment/backend', 'failed', '0 of 3 available', 0),
    workload('CronJob/report', 'suspended', 'suspended', 0),
  ],
  findings: failed.findings.slice(1, 2),
  endedAt: start + 400,
};

/** Of a release that is not the newest any more. */
const left: Outcome = {
  ...plain,
  command: 'status',
  status: 'succeeded',
  images: {},
  timings: [],
  overtaken: newer,
  release: { number: 8 },
  endedAt: start + 300,
};

const setup: Outcome = {
  ...plain,
  command: 'setup',
  status: 'succeeded',
  images: {},
  timings: plain.timings.slice(0, 2),
  kubeconfigPath: '/runner/temp/webgen-deploy-a1/kubeconfig',
  endedAt: start + 950,
};

const forbidden: Outcome = {
  ...nothing,
  endedAt: start + 800,
  findings: [
    finding('forbidden', 'aje1 may not patch deployments.apps in namespace web.', {
      namespace: 'web',
      evidence: ['deployments.apps "backend" is forbidden: User "aje1" cannot patch resource'],
      hint: [
        'Add this rule to a Role in namespace web that is bound to aje1:',
        '- apiGroups: ["apps"]',
        '  resources: ["deployments"]',
        '  verbs: ["get", "create", "patch"]',
      ].join('\n'),
    }),
  ],
};

const image = resultOf('image-vulnerable.json', {
  from: start + 1000,
  to: start + 1900,
  files: {
    report: '/temp/backend.json',
    sarif: '/temp/backend.sarif',
    sbom: '/temp/backend.cdx.json',
  },
  upload: 'not uploaded: the job needs permissions: security-events: write',
});
const clean = resultOf('image-clean.json', {
  name: 'frontend',
  from: start + 1000,
  to: start + 1400,
});
const files = resultOf('config.json', {
  name: filesScanName,
  kind: 'files',
  from: start,
  to: start,
});

const vulnerable: Outcome = {
  ...plain,
  status: 'failed',
  endedAt: start + 2100,
  scans: [clean, image, files],
  findings: [image, files].flatMap((each) => findingsOf(each, [], 'fatal')),
};

/** By the name of the golden files. */
export const outcomes: Readonly<Record<string, Outcome>> = {
  deployed,
  unchanged,
  overtaken,
  'image-not-found': failed,
  'rolled-back': rolledBack,
  'crash-loop-hostile': crashed,
  'inputs-invalid': inputs,
  'manifests-invalid': manifests,
  cancelled,
  'timed-out': timedOut,
  diff,
  status,
  'status-left': left,
  setup,
  forbidden,
  'image-vulnerable': vulnerable,
};
