// What an answer to a dry-run pod means, by the words of Kubernetes' own admission plugins.
import { describe, expect, test } from '@jest/globals';
import { isOfResources, looksAtCaller, podAnswer } from '../../src/preflight/pod-refusals.ts';

const answer = (status: number, message = '', causes: readonly object[] = []) =>
  podAnswer(
    { status, headers: {}, body: { kind: 'Status', message, details: { causes } } },
    { spec: { containers: [{ resources: {} }] } },
  );

describe('an answer', () => {
  test.each<[string, number, string, object]>([
    ['created', 201, '', { by: 'nobody' }],
    ['there already: behind every check', 409, 'pods "web-0" already exists', { by: 'nobody' }],
    [
      'a quota, which counts one pod more than the old ones',
      403,
      'pods "web-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2',
      { by: 'nobody' },
    ],
    [
      'no right to make pods',
      403,
      'pods is forbidden: User "ci" cannot create resource "pods" in API group "" in the namespace "shop"',
      { by: 'rights' },
    ],
    [
      'no account',
      403,
      'pods "web-x" is forbidden: error looking up service account shop/own: serviceaccount "own" not found',
      { by: 'need', need: { kind: 'ServiceAccount' }, name: 'own' },
    ],
    [
      'the account of a new namespace',
      403,
      'pods "web-x" is forbidden: error looking up service account shop/default: serviceaccount "default" not found',
      { by: 'chance' },
    ],
    [
      'no PriorityClass',
      403,
      'pods "web-x" is forbidden: no PriorityClass with name urgent was found',
      { by: 'need', need: { kind: 'PriorityClass' }, name: 'urgent' },
    ],
    [
      'no RuntimeClass',
      403,
      'pods "web-x" is forbidden: pod rejected: RuntimeClass "gvisor" not found',
      { by: 'need', need: { kind: 'RuntimeClass' }, name: 'gvisor' },
    ],
    [
      'pod security',
      403,
      'pods "web-x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
      { by: 'pod security', level: 'restricted:latest' },
    ],
    [
      'a LimitRange',
      403,
      'pods "web-x" is forbidden: [minimum memory usage per Container is 64Mi, but request is 1Mi]',
      { by: 'limit range' },
    ],
    [
      'a policy, which answers 422',
      422,
      "pods \"web-x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: exceeded quota",
      { by: 'policy', name: 'p', binding: 'b' },
    ],
    [
      'a webhook without dry runs',
      400,
      'admission webhook "w.example" does not support dry run',
      { by: 'chance', why: 'the webhook w.example does not support dry runs' },
    ],
    [
      'a webhook that is down',
      500,
      'Internal error occurred: failed calling webhook "w.example": failed to call webhook: Post "https://w"',
      { by: 'chance', why: 'the webhook w.example does not answer' },
    ],
    [
      'an admission plugin that keeps owners for controllers',
      403,
      'pods "x" is forbidden: cannot set an ownerRef on a resource you can\'t delete: , <nil>',
      { by: 'chance' },
    ],
    ['no namespace', 404, 'namespaces "shop" not found', { by: 'chance' }],
    ['trouble of the server', 500, 'etcdserver: request timed out', { by: 'chance' }],
    ['another plugin', 403, 'pods "x" is forbidden: no', { by: 'another check' }],
  ])('%s', (_, status, message, expected) => {
    expect(answer(status, message)).toMatchObject(expected);
  });

  test.each([
    'violates PodSecurity "x"',
    'exceeded quota: small',
    'serviceaccount "own" not found',
    'maximum cpu usage per Container is 1',
  ])('a webhook that speaks as another check stays a webhook: %s', (words) => {
    const message = `admission webhook "w.example" denied the request: ${words}`;
    expect(answer(400, message)).toEqual({ by: 'webhook', name: 'w.example' });
  });

  test('of fields that defaults have made wrong', () => {
    const field = 'spec.containers[0].resources.requests';
    const said = answer(422, 'Pod "x" is invalid', [{ field, message: 'Invalid value' }]);
    expect(said).toEqual({
      by: 'validation',
      fields: [['spec', 'containers', 0, 'resources', 'requests']],
    });
    expect(isOfResources([['spec', 'containers', 0, 'resources', 'requests']])).toBe(true);
    expect(isOfResources([['spec', 'hostname']])).toBe(false);
    expect(isOfResources([])).toBe(false);
  });
});

describe('a policy', () => {
  const policy = (expression: string, more: object = {}) => ({
    spec: { validations: [{ expression, message: 'ask request.userInfo' }], ...more },
  });

  test.each([
    'object.spec.containers.all(c, has(c.resources.requests))',
    'request.operation == "CREATE" && object.metadata.name != ""',
    '!(request.namespace in ["kube-system"])',
  ])('that does not look at who asks: %s', (expression) => {
    expect(looksAtCaller(policy(expression))).toBe(false);
  });

  test.each([
    'request.userInfo.username.startsWith("system:serviceaccount:kube-system")',
    'request["userInfo"].groups.exists(g, g == "admins")',
    'request . userInfo.uid == ""',
    'request.dryRun != true',
    'authorizer.group("").resource("pods").check("create").allowed()',
    '[request].all(r, r.userInfo.username != "x")',
  ])('that does: %s', (expression) => {
    expect(looksAtCaller(policy(expression))).toBe(true);
  });

  test('that does in its conditions or variables', () => {
    const expression = 'request.userInfo.username != "x"';
    expect(looksAtCaller(policy('true', { matchConditions: [{ name: 'a', expression }] }))).toBe(
      true,
    );
    expect(
      looksAtCaller(policy('variables.who', { variables: [{ name: 'who', expression }] })),
    ).toBe(true);
  });
});
