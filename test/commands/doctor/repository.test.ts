// What doctor says about the workflow files of a repository, whichever form they have.

import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { checkRepository, type Repository } from '../../../src/commands/doctor/repository.ts';
import { project } from '../../../src/core/version.ts';

const overlays = ['production', 'staging'];

/** Callers of the reusable workflows. */
const reusable = {
  deploy: `on: {push: {branches: [main, develop]}}
permissions: {}
jobs:
  deploy:
    uses: ${project}/.github/workflows/deploy.yml@v1
    permissions:
      contents: read
      actions: read
    with:
      app: shop
      build: |
        - {name: api, context: api}
    secrets:
      YC_SA_JSON_CREDENTIALS: \${{ secrets.YC_SA_JSON_CREDENTIALS }}
      YC_REGISTRY_ID: \${{ secrets.YC_REGISTRY_ID }}
      YC_K8S_CLUSTER_ID: \${{ secrets.YC_K8S_CLUSTER_ID }}
      APPLICATION_SECRETS: \${{ secrets.APPLICATION_SECRETS }}
`,
  'pr-check': `on: {pull_request: {branches: [main, develop]}, merge_group: {}}
permissions: {}
jobs:
  pr-check:
    uses: ${project}/.github/workflows/pr-check.yml@v1
    permissions:
      contents: read
      pull-requests: write
    secrets:
      YC_SA_JSON_CREDENTIALS: \${{ secrets.YC_SA_JSON_CREDENTIALS }}
      YC_K8S_CLUSTER_ID: \${{ secrets.YC_K8S_CLUSTER_ID }}
`,
  rollback: `on:
  workflow_dispatch:
    inputs:
      environment: {type: choice, options: [production, staging], required: true}
      to-release: {type: string}
permissions: {}
jobs:
  rollback:
    uses: ${project}/.github/workflows/rollback.yml@v1
    permissions:
      actions: read
    with:
      environment: \${{ inputs.environment }}
    secrets:
      YC_SA_JSON_CREDENTIALS: \${{ secrets.YC_SA_JSON_CREDENTIALS }}
      YC_K8S_CLUSTER_ID: \${{ secrets.YC_K8S_CLUSTER_ID }}
`,
};

const access = `          yc-k8s-cluster-id: \${{ vars.YC_K8S_CLUSTER_ID || secrets.YC_K8S_CLUSTER_ID }}
          yc-sa-json-credentials: \${{ secrets.YC_SA_JSON_CREDENTIALS }}
`;

/** Ordinary jobs with steps of the action. */
const ordinary = {
  deploy: `on: {push: {branches: [main, develop]}}
permissions: {}
jobs:
  tests:
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@v7
      - run: make test
  build:
    environment: {name: production, deployment: false}
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@v7
      - id: build
        uses: ${project}@v1
        with:
          command: build
          build: |
            - {name: api, context: api}
          yc-registry-id: \${{ vars.YC_REGISTRY_ID || secrets.YC_REGISTRY_ID }}
          yc-sa-json-credentials: \${{ secrets.YC_SA_JSON_CREDENTIALS }}
  deploy:
    needs: [tests, build]
    environment: {name: production}
    permissions:
      contents: read
      actions: read
    steps:
      - uses: actions/checkout@v7
      - id: deploy
        uses: ${project}@v1
        with:
          images: \${{ needs.build.outputs.digest-lines }}
          secrets: \${{ secrets.APPLICATION_SECRETS }}
${access}      - uses: ${project}@v1
        with:
          command: status
${access}`,
  'pr-check': `on: {pull_request: {branches: [main, develop]}, merge_group: {}}
jobs:
  preview:
    environment: pr-check
    permissions:
      contents: read
      pull-requests: write
    steps:
      - uses: actions/checkout@v7
      - uses: ${project}@v1
        with:
          command: diff
${access}`,
  rollback: `${reusable.rollback.split('permissions:')[0]}jobs:
  rollback:
    environment: \${{ inputs.environment }}
    permissions:
      actions: read
    steps:
      - uses: ${project}/deploy@${'a'.repeat(40)} # v1.0.0
        with:
          command: rollback
${access}`,
};

type Name = keyof typeof ordinary;
type Change = (text: string) => string;
const same: Change = (text) => text;

/** The three workflows of a form, with changes to one of them. */
function look(
  form: Readonly<Record<Name, string>>,
  name: Name = 'deploy',
  change: Change = same,
  more: Partial<Repository> = {},
) {
  const workflows = Object.entries(form).map(([each, text]) => {
    const changed = each === name ? change(text) : text;
    // A change that changes nothing would prove nothing.
    if (each === name && change !== same) expect(changed).not.toBe(text);
    return { path: `.github/workflows/${each}.yml`, text: changed };
  });
  return checkRepository({ workflows, overlays, ...more });
}

const said = (...args: Parameters<typeof look>) =>
  look(...args).map(({ verdict, what }) => `${verdict} ${what}`);

const forms = { reusable, ordinary };

describe.each(Object.entries(forms))('%s', (_, form) => {
  test('complete, it is good', () => {
    const [only, ...others] = look(form, 'deploy', same, { defaultBranch: 'main' });
    expect(others).toEqual([]);
    expect(only).toMatchObject({ verdict: 'ok', evidence: [], fix: [] });
    expect(only?.what).toContain('deploy.yml, pr-check.yml, rollback.yml');
  });

  test('of another owner and pinned by commit it is as good', () => {
    const change: Change = (text) =>
      text.replaceAll(project, 'acme/webgen-deploy').replaceAll('@v1', `@${'b'.repeat(40)}`);
    expect(look(form, 'deploy', change).map(({ verdict }) => verdict)).toEqual(['ok']);
  });

  test('without an overlay', () => {
    expect(said(form, 'deploy', same, { overlays: [] })).toEqual([
      'failed There is no overlay in manifests/overlays.',
    ]);
  });

  test('a file that is no YAML', () => {
    expect(said(form, 'deploy', () => 'a: [')).toEqual([
      'failed .github/workflows/deploy.yml is not valid YAML.',
      'failed No workflow deploys with webgen-deploy.',
    ]);
  });

  test('keyless: the account and id-token: write', () => {
    const keyless: Change = (text) =>
      text
        .replace(/^ +YC_SA_JSON_CREDENTIALS.*\n/gm, '')
        .replaceAll(/^( +)yc-sa-json-credentials.*$/gm, '$1yc-sa-id: ${{ vars.YC_SA_ID }}')
        .replace('    with:\n      app: shop', '    with:\n      yc-sa-id: ${{ vars.YC_SA_ID }}');
    const granted: Change = (text) =>
      keyless(text).replaceAll('contents: read\n', 'contents: read\n      id-token: write\n');
    expect(look(form, 'deploy', granted).map(({ verdict }) => verdict)).toEqual(['ok']);
    for (const line of said(form, 'deploy', keyless)) {
      expect(line).toMatch(/^failed .* does not grant id-token: write\.$/);
    }
    expect(look(form, 'deploy', keyless)[0]?.fix).toEqual(['permissions: {id-token: write}']);
  });
});

test('an empty repository lacks all three, and init writes them', () => {
  const checks = checkRepository({ workflows: [], overlays: [] });
  expect(checks.map(({ what }) => what)).toEqual([
    'No workflow deploys with webgen-deploy.',
    'No workflow previews pull requests with webgen-deploy.',
    'No workflow rolls back with webgen-deploy.',
  ]);
  expect(checks.every(({ fix }) => fix[0] === 'webgen-deploy init')).toBe(true);
});

test('one form beside the other is complete', () => {
  const mixed = { ...reusable, deploy: ordinary.deploy };
  expect(look(mixed)).toMatchObject([{ verdict: 'ok' }]);
});

describe('a call of a reusable workflow', () => {
  test.each<[string, Change, readonly string[]]>([
    [
      'a misspelt secret',
      (text) => text.replace('      YC_SA_JSON_CREDENTIALS:', '      YC_SA_JSON_CREDENTIAL:'),
      [
        'failed .github/workflows/deploy.yml: the secret YC_SA_JSON_CREDENTIAL is none of deploy.yml; did you mean `YC_SA_JSON_CREDENTIALS`?',
        'failed .github/workflows/deploy.yml: YC_SA_JSON_CREDENTIALS is not passed on.',
      ],
    ],
    [
      'no secrets: the key is missing, ids may be variables',
      (text) => text.slice(0, text.indexOf('    secrets:')),
      [
        'failed .github/workflows/deploy.yml: YC_SA_JSON_CREDENTIALS is not passed on.',
        'note .github/workflows/deploy.yml: YC_K8S_CLUSTER_ID is not passed on, so it has to be a variable of the repository or the environment.',
        'note .github/workflows/deploy.yml: YC_REGISTRY_ID is not passed on, so it has to be a variable of the repository or the environment.',
      ],
    ],
    [
      'a right too few',
      (text) => text.replace(/ {6}actions: read.*\n/, ''),
      [
        'failed .github/workflows/deploy.yml: the job that calls deploy.yml does not grant actions: read.',
      ],
    ],
  ])('%s', (_, change, words) => expect(said(reusable, 'deploy', change)).toEqual(words));

  test.each<[string, Change]>([
    [
      'secrets: inherit',
      (text) => text.replace(/ {4}secrets:\n[\s\S]*$/, '    secrets: inherit\n'),
    ],
    ['write instead of read', (text) => text.replace('contents: read', 'contents: write')],
    [
      'rights of the whole workflow',
      (text) =>
        text
          .replace('permissions: {}', 'permissions: read-all')
          .replace(/ {4}permissions:\n( {6}.*\n)+/, ''),
    ],
    [
      'ids from variables, as inputs',
      (text) =>
        text
          .replace(/ {6}YC_(?:REGISTRY|K8S_CLUSTER)_ID.*\n/g, '')
          .replace(
            '      app: shop',
            '      yc-registry-id: ${{ vars.YC_REGISTRY_ID }}\n      yc-k8s-cluster-id: ${{ vars.YC_K8S_CLUSTER_ID }}',
          ),
    ],
  ])('%s is as good', (_, change) => {
    expect(look(reusable, 'deploy', change).map(({ verdict }) => verdict)).toEqual(['ok']);
  });

  test("an application's own secrets go to a deploy, and to nothing else", () => {
    const more: Change = (text) => `${text}      APPLICATION_SECRETS: x\n`;
    expect(said(reusable, 'rollback', more)[0]).toContain(
      'APPLICATION_SECRETS is none of rollback.yml',
    );
    const registry: Change = (text) => `${text}      YC_REGISTRY_ID: x\n`;
    expect(said(reusable, 'rollback', registry)[0]).toContain(
      'YC_REGISTRY_ID is none of rollback.yml',
    );
  });

  describe('of another owner', () => {
    const elsewhere = { name: 'acme/shop' };

    test('names why secrets of an environment arrive empty, and the form in which they do not', () => {
      const checks = look(reusable, 'deploy', same, elsewhere);
      const causes = checks.filter(({ verdict }) => verdict === 'note');
      expect(causes.map(({ what }) => what)).toEqual([
        'deploy.yml, pr-check.yml, rollback.yml: secrets of an environment of acme arrive empty in a workflow of org, another owner.',
      ]);
      for (const { fix } of causes) expect(fix[0]).toMatch(/^webgen-deploy init --force /);
      expect(checks[0]?.verdict).toBe('ok');
    });

    test('gets nothing by secrets: inherit', () => {
      const inherit: Change = (text) =>
        text.replace(/ {4}secrets:\n[\s\S]*$/, '    secrets: inherit\n');
      expect(said(reusable, 'deploy', inherit, elsewhere)[0]).toBe(
        'failed deploy.yml: secrets: inherit hands nothing on from acme to a workflow of org, another owner.',
      );
    });

    test.each([{ name: 'Org/shop' }, {}])('is not suspected for %j', (own) => {
      expect(look(reusable, 'deploy', same, own).map(({ verdict }) => verdict)).toEqual(['ok']);
    });

    test('does not matter to ordinary jobs', () => {
      expect(look(ordinary, 'deploy', same, elsewhere).map(({ verdict }) => verdict)).toEqual([
        'ok',
      ]);
    });
  });
});

describe('an ordinary job', () => {
  const deploy = '.github/workflows/deploy.yml, job deploy:';

  test.each<[string, Name, Change, readonly string[]]>([
    [
      'an input that is none',
      'deploy',
      (text) => text.replace('images:', 'imagse:'),
      [`failed ${deploy} Input \`imagse\` is not declared; did you mean \`images\`?`],
    ],
    [
      'no cluster',
      'rollback',
      (text) => text.replace(/ +yc-k8s-cluster-id.*\n/, ''),
      ['failed .github/workflows/rollback.yml, job rollback: rollback has no cluster.'],
    ],
    [
      'no credentials',
      'pr-check',
      (text) => text.replace(/ +yc-sa-json-credentials.*\n/, ''),
      ['failed .github/workflows/pr-check.yml, job preview: diff has no credentials.'],
    ],
    [
      'no credentials for the registry',
      'deploy',
      (text) => text.replace(/ +yc-sa-json-credentials.*\n/, ''),
      ['failed .github/workflows/deploy.yml, job build: build has no credentials.'],
    ],
    [
      'a right without which it fails',
      'deploy',
      (text) => text.replace(/ {6}contents: read\n(?= {6}actions)/, ''),
      [`failed ${deploy} the job does not grant contents: read.`],
    ],
    [
      'rights without which it does less',
      'deploy',
      (text) => text.replace(/ {6}actions: read\n/, ''),
      [
        'ok deploy.yml, pr-check.yml, rollback.yml have what the action needs; overlays: production, staging.',
        `note ${deploy} the job does not grant actions: read, so it cannot see whether the run that holds the lock has ended.`,
      ],
    ],
    [
      'a comment that may not be written',
      'pr-check',
      (text) => text.replace(/ {6}pull-requests: write\n/, ''),
      [
        'ok deploy.yml, pr-check.yml, rollback.yml have what the action needs; overlays: production, staging.',
        'note .github/workflows/pr-check.yml, job preview: the job does not grant pull-requests: write, so the preview is in the job summary alone.',
      ],
    ],
    [
      'no environment',
      'deploy',
      (text) => text.replace('    environment: {name: production}\n', ''),
      [
        'ok deploy.yml, pr-check.yml, rollback.yml have what the action needs; overlays: production, staging.',
        `note ${deploy} it names no environment, so it only gets the secrets of the repository.`,
      ],
    ],
    [
      'a misspelt secret',
      'pr-check',
      (text) => text.replace('secrets.YC_SA_JSON_CREDENTIALS', 'secrets.YC_SA_JSON_CREDENTIAL'),
      [
        'ok deploy.yml, pr-check.yml, rollback.yml have what the action needs; overlays: production, staging.',
        'note .github/workflows/pr-check.yml, job preview: it names the secret YC_SA_JSON_CREDENTIAL; did you mean `YC_SA_JSON_CREDENTIALS`?',
      ],
    ],
  ])('%s', (_, name, change, words) => expect(said(ordinary, name, change)).toEqual(words));

  test.each<[string, Name, Change]>([
    [
      'with a kubeconfig',
      'rollback',
      (text) =>
        text.replace(/ +yc-k8s[\s\S]*$/, '          kubeconfig: ${{ secrets.KUBECONFIG }}\n'),
    ],
    [
      'with rights of the repository that nobody sees here',
      'deploy',
      (text) =>
        text
          .replace('permissions: {}\n', '')
          .replace(/ {4}permissions:\n( {6}[a-z-]+: [a-z]+\n)+/g, ''),
    ],
    [
      'with a command that an expression says',
      'deploy',
      (text) => text.replace('command: status', 'command: ${{ inputs.command }}'),
    ],
    [
      'that wants no comment',
      'pr-check',
      (text) =>
        text
          .replace(/ {6}pull-requests: write\n/, '')
          .replace('command: diff', 'command: diff\n          comment: false'),
    ],
  ])('%s is as good', (_, name, change) => {
    expect(look(ordinary, name, change).map(({ verdict }) => verdict)).toEqual(['ok']);
  });
});

describe('when it starts', () => {
  const push = '{push: {branches: [main, develop]}}';
  const master = { defaultBranch: 'master' };
  const starts = (on: string, branch = 'master') =>
    said(ordinary, 'deploy', (text) => text.replace(push, on), { defaultBranch: branch });

  test('a default branch that nobody listens to is named, with the line that mends it', () => {
    const [check, ...others] = look(ordinary, 'deploy', same, master);
    expect(others).toEqual([]);
    expect(check).toEqual({
      check: 'workflows',
      verdict: 'failed',
      what: '.github/workflows/deploy.yml: a push to master, the default branch, deploys nothing.',
      evidence: ['on.push: {"branches":["main","develop"]}'],
      fix: ['branches: [master, develop]'],
    });
    expect(look(reusable, 'deploy', same, master)[0]?.verdict).toBe('failed');
  });

  test.each([`a'b"c`, 'a,b', '1.0', '#1'])('%s stands in that line as YAML reads it', (name) => {
    const [check] = look(ordinary, 'deploy', same, { defaultBranch: name });
    const [line = ''] = check?.fix ?? [];
    expect(parse(line)).toEqual({ branches: [name, 'develop'] });
  });

  test.each([
    'push',
    '[push, workflow_dispatch]',
    '{push: {branches: master}}',
    '{push: {branches: [develop, master]}}',
    "{push: {branches: ['**']}}",
    "{push: {branches: ['*']}}",
    "{push: {branches: ['m*r']}}",
    "{push: {branches: ['!main', 'mas*']}}",
    "{push: {branches: ['maste[rs]']}}",
    '{push: {branches-ignore: [develop]}}',
    '{push: {paths: [app/**]}}',
    '{workflow_dispatch: {}}',
    '{release: {types: [published]}}',
  ])('%s is no reason to complain', (on) => expect(starts(on)).toHaveLength(1));

  test.each([
    "{push: {branches: ['m*n']}}",
    "{push: {branches: ['*', '!master']}}",
    '{push: {branches-ignore: [master]}}',
    "{push: {tags: ['v*']}}",
    "{push: {branches: ['master/**']}}",
    "{push: {branches: ['*/*']}}",
  ])('%s deploys nothing from master', (on) =>
    expect(starts(on)[0]).toMatch(/^failed .*a push to master/),
  );

  test('a star stays within a part of the name, two do not', () => {
    expect(starts("{push: {branches: ['release*']}}", 'release/1')[0]).toMatch(/^failed /);
    expect(starts("{push: {branches: ['release**']}}", 'release/1')[0]).toMatch(/^ok /);
    expect(starts("{push: {branches: ['release/*']}}", 'release/1')[0]).toMatch(/^ok /);
  });

  test('a pattern that is made to take long does not', () => {
    const stars = `${'*a'.repeat(5_000)}`;
    const before = performance.now();
    starts(`{push: {branches: ['${stars}']}}`, `${'a'.repeat(5_000)}b`);
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  test('a check that does not start for a merge queue is noted', () => {
    const without: Change = (text) => text.replace(', merge_group: {}', '');
    const [good, queue] = look(ordinary, 'pr-check', without);
    expect(good?.verdict).toBe('ok');
    expect(queue).toMatchObject({
      verdict: 'note',
      what: '.github/workflows/pr-check.yml: as a required check it would keep a merge queue waiting, since it does not start for one.',
      fix: [expect.stringContaining('merge_group')],
    });
  });

  test('an input that offers every environment is noted', () => {
    const every: Change = (text) =>
      text.replace('type: choice, options: [production, staging]', 'type: environment');
    for (const form of [ordinary, reusable]) {
      expect(look(form, 'rollback', every)[1]).toMatchObject({
        verdict: 'note',
        fix: ['environment: {type: choice, options: [production, staging], required: true}'],
      });
    }
  });

  test.each(['on: 7', 'on: [1, {a: b}]', 'on: {push: 3}', 'on: {push: {branches: {a: b}}}'])(
    '%s breaks nothing',
    (on) => {
      expect(() =>
        look(ordinary, 'deploy', (text) => text.replace(`on: ${push}`, on), master),
      ).not.toThrow();
    },
  );
});
