// What docs/reference/annotations.md says of every annotation; a test compares it with src/.
export const annotationsOfUsers = [
  {
    name: 'phase',
    form: 'webgen-deploy/phase: base',
    about: '`base`, `pre-deploy` or `post-deploy`: [when it is applied](../guide/phases.md)',
  },
  { name: 'wait', form: 'webgen-deploy/wait: "false"', about: 'applied, and not waited for' },
  {
    name: 'patience',
    form: 'webgen-deploy/patience: strict',
    about:
      '`strict`, `normal` or `patient`, for this object: how soon a suspected failure becomes fatal',
  },
  {
    name: 'recreate',
    form: 'webgen-deploy/recreate: "true"',
    about: 'deleted and created again where a field cannot be changed',
  },
  {
    name: 'restart-on-config',
    form: 'webgen-deploy/restart-on-config: "false"',
    about: 'not rolled when its ConfigMap or Secret changes',
  },
  {
    name: 'keep',
    form: 'webgen-deploy/keep: "true"',
    about: 'never deleted: [neither pruned nor undone](../guide/rollback-and-prune.md)',
  },
  {
    name: 'ready',
    form: "webgen-deploy/ready: status.phase == 'Up'",
    about: '[your own rule](../guide/custom-kinds.md): when it is ready',
  },
  {
    name: 'failed',
    form: "webgen-deploy/failed: status.phase == 'Broken'",
    about: 'the same: when it has failed',
  },
] as const;

export const annotationsOfRuns = [
  {
    name: 'home',
    form: 'webgen-deploy/home: web/shop',
    on: 'every object',
    about: 'the namespace of its releases, and the `app`',
  },
  {
    name: 'repository',
    form: 'webgen-deploy/repository: github.com/123456',
    on: 'every object',
    about: 'the repository that made it',
  },
  {
    name: 'config',
    form: 'webgen-deploy/config',
    on: 'pod templates',
    about: 'changes when a ConfigMap or Secret that the workload uses has changed, and so rolls it',
  },
  {
    name: 'config',
    form: '<app>.webgen-deploy/config',
    on: 'ConfigMaps and Secrets',
    about:
      'the same text: where the two differ, a run ended in between, and the next one rolls what is left',
  },
  {
    name: 'release',
    form: 'webgen-deploy/release',
    on: 'Secrets of releases',
    about: 'the head of a [release](../guide/rollback-and-prune.md)',
  },
  {
    name: 'left-out',
    form: 'webgen-deploy/left-out',
    on: 'objects in a release',
    about: 'fields that held a secret, and are not recorded',
  },
  {
    name: 'actor',
    form: 'webgen-deploy/actor',
    on: 'the Lease',
    about: 'who started the run that holds [the lock](../guide/locking.md)',
  },
] as const;
