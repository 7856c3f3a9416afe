// Rules as users write them: what is understood, what holds, and what is refused with its reason.
import { describe, expect, test } from '@jest/globals';
import { readRule } from '../../../src/kube/rules/rule.ts';
import { object } from '../../support/rollout/made.ts';

const database = object('db.example.org/v1', 'Database', {
  metadata: { labels: { 'app.kubernetes.io/name': 'db' } },
  spec: { replicas: 3, paused: false, ratio: 0.5 },
  status: {
    phase: 'Ready',
    observedGeneration: 2,
    readyReplicas: 3,
    message: 'a=b',
    endpoints: [],
    conditions: [
      { type: 'Ready', status: 'True', reason: 'AllUp' },
      { type: 'Backup', status: 'False', reason: 'Off' },
    ],
    nodes: [
      { name: 'a', up: true },
      { name: 'b', up: true },
    ],
  },
});
const bare = object('db.example.org/v1', 'Database', { spec: {} });

function check(written: string, on = database) {
  const read = readRule(written);
  if ('problem' in read) throw new Error(read.problem);
  return read.rule.check(on);
}

describe('JSONPath', () => {
  test.each([
    '{.status.phase}=Ready',
    '.status.phase=Ready',
    '$.status.phase=Ready',
    '{$.status.phase}=Ready',
    'jsonpath={.status.phase}=Ready',
    "jsonpath='{.status.phase}=Ready'",
    '{.status.phase}="Ready"',
    ' { .status.phase } = Ready ',
    '{.status.message}=a=b',
    '.status.readyReplicas=3',
    '.spec.paused=false',
    '.spec.ratio=0.5',
    '{.status.conditions[?(@.type=="Ready")].status}=True',
    "{.status.conditions[?(@.type == 'Ready')].status}=True",
    ".status.conditions[?(@.type=='Ready')].status=True",
    '.status.conditions[?(@.type!="Backup")].status=True',
    '.status.conditions[0].reason=AllUp',
    '.status.conditions[-1].reason=Off',
    '.status.nodes[*].up=true',
    '.status.nodes.*.up=true',
    '.metadata.labels.app\\.kubernetes\\.io/name=db',
    '.metadata.labels["app.kubernetes.io/name"]=db',
    "{.metadata.labels['app.kubernetes.io/name']}=db",
    '{.status.phase}',
    '.status.conditions[?(@.reason)].type',
  ])('%s holds', (written) => {
    expect(check(written).holds).toBe(true);
    expect(check(written, bare).holds).toBe(false);
  });

  test.each([
    ['{.status.phase}=ready', 'is Ready'],
    ['.status.missing=Ready', 'is not there'],
    ['.status.conditions[*].status=True', 'is True, False'],
    ['.status.endpoints[0]', 'is not there'],
    ['.status.phase.length=5', 'is not there'],
    ['.status.conditions.length=2', 'is not there'],
    ['.status.constructor.name=Object', 'is not there'],
    ['.status.endpoints={}', 'is []'],
  ])('%s does not hold: %s', (written, seen) => {
    expect(check(written)).toEqual({ holds: false, seen });
  });

  test.each([
    ['{.status.phase=Ready', 'never closed'],
    ['.status.phase==Ready', 'one "="'],
    ['{.status.phase}==Ready', 'one "="'],
    ['.status.phase=', 'nothing follows'],
    ['{.status.phase} Ready', 'only "=" and a value'],
    ['.status..phase=x', '".." is not supported'],
    ['.status.conditions[?(@.type=~"R")].status=True', 'compares by =='],
    ['.status.conditions[?(@.a=="1" && @.b=="2")].status=True', 'write a filter as'],
    ['.status.conditions[?(.type=="x")].status=True', 'write a filter as'],
    ['.status.conditions[1:2]=x', 'is not understood'],
    ['{.}=x', 'is not understood'],
    ['.status.a b=x', 'is not understood'],
  ])('%s is refused: %s', (written, problem) => {
    expect(readRule(written)).toEqual({ problem: expect.stringContaining(problem) });
  });
});

describe('CEL', () => {
  test.each([
    "self.status.phase == 'Ready'",
    "object.status.phase == 'Ready'",
    "status.phase == 'Ready'",
    'status.readyReplicas >= spec.replicas && status.observedGeneration == metadata.generation',
    'status.readyReplicas == 3 && status.readyReplicas + 1 > 3 && spec.ratio < 1.0',
    "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')",
    'status.nodes.all(n, n.up) && size(status.nodes) == 2',
    'has(status.phase) && !has(status.missing)',
    "status.?missing.orValue('x') == 'x'",
    "status.phase.matches('^Re') && kind == 'Database' && apiVersion.startsWith('db.')",
    "metadata.labels['app.kubernetes.io/name'] == 'db'",
  ])('%s holds', (written) => expect(check(written)).toEqual({ holds: true, seen: '' }));

  test.each([
    ["status.phase == 'Failed'", ''],
    ["status.missing.phase == 'x'", 'No such key: missing'],
    ['status.endpoints[0] == 1', expect.stringMatching(/index/i)],
    ['status.phase', 'returns neither true nor false'],
    ['self.constructor == 1', 'No such key: constructor'],
  ])('%s does not hold: %s', (written, seen) => {
    expect(check(written)).toEqual({ holds: false, seen });
  });

  test('before there is a status nothing holds, and nothing breaks', () => {
    expect(check("status.phase == 'Ready'", bare).holds).toBe(false);
    expect(check("self.status.phase == 'Ready'", bare).holds).toBe(false);
    expect(check("!has(status.phase) || status.phase != 'Failed'", bare).holds).toBe(true);
  });

  test.each([
    ['self.status.phase =', 'is not valid CEL'],
    ["sttus.phase == 'x'", 'Unknown variable: sttus'],
    ['1 + 1', 'returns int'],
    ["'true'", 'returns string'],
    ['status.phase == "a', 'is not valid CEL'],
    ['noSuch(status)', 'is not valid CEL'],
    ['Ready', 'Unknown variable'],
    ['', 'is empty'],
    ['x'.repeat(5_000), 'longer than'],
    [`${'('.repeat(1_500)}true${')'.repeat(1_500)}`, 'is not valid CEL'],
  ])('%.40s is refused: %s', (written, problem) => {
    expect(readRule(written)).toEqual({ problem: expect.stringContaining(problem) });
  });
});
