// A line that `secrets` leaves out: the live key stays, and the run says so.
import { expect, test } from '@jest/globals';
import { keepKeys } from '../../../src/apply/dry-run/kept-keys.ts';
import { reveal, Secret } from '../../../src/core/secret.ts';
import type { KubeObject, ManagedField } from '../../../src/kube/objects.ts';
import { secretDocuments } from '../../../src/manifests/secrets.ts';
import { documentOf } from '../../support/manifests/documents.ts';

const ours = 'webgen-deploy/shop';

const fields = (...keys: readonly string[]) => ({
  'f:data': Object.fromEntries(keys.map((key) => [`f:${key}`, {}])),
});

const applied = (manager: string, ...keys: readonly string[]): ManagedField => ({
  manager,
  operation: manager === ours ? 'Apply' : 'Update',
  apiVersion: 'v1',
  fieldsV1: fields(...keys),
});

const live = (...managedFields: readonly ManagedField[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'shop', managedFields },
  data: { A: 'YQ==', B: 'Yg==', C: 'Yw==' },
});

const line = (key: string) => ({ secret: 'db', key, value: new Secret('new') });
const manifest = 'apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {C: Yw==}\n';

function keep(keys: readonly string[], there: KubeObject | undefined, written: string[] = []) {
  const { documents } = secretDocuments(
    keys.map(line),
    written.map((text) => documentOf(text)),
  );
  const [document] = documents;
  if (!document) throw new Error('no document');
  const { document: kept, findings } = keepKeys(document, there, ours);
  const data = Object.entries(kept.object['data'] as Record<string, Secret | string>);
  const texts = Object.fromEntries(data.map(([key, text]) => [key, atob(reveal(text))]));
  return { texts, findings, kept };
}

test('ours alone: it stays with its live value, hidden, and the command that removes it is said', () => {
  const { texts, findings, kept } = keep(['A'], live(applied(ours, 'A', 'B')));
  expect(texts).toEqual({ A: 'new', B: 'b' });
  expect(JSON.stringify(kept.object)).not.toContain('Yg==');
  expect(findings).toEqual([
    expect.objectContaining({
      code: 'secret-key-kept',
      severity: 'warning',
      object: 'Secret/db',
      what: 'Secret/db keeps the key B, which `secrets` no longer names.',
    }),
  ]);
  expect(findings[0]?.hint).toContain(
    `patch secret db --type json --patch '[{"op":"remove","path":"/data/B"}]'`,
  );
});

test('what client-side apply wrote would be taken over and go: it stays too', () => {
  const there = live(applied('kubectl-client-side-apply', 'A', 'B', 'C'));
  expect(keep(['A'], there).texts).toEqual({ A: 'new', B: 'b', C: 'c' });
});

test("others' keys stay by themselves: they are not ours to send", () => {
  const there = live(applied(ours, 'A', 'B'), applied('external-secrets', 'B', 'C'));
  const { texts, findings } = keep(['A'], there);
  expect([texts, findings]).toEqual([{ A: 'new' }, []]);
});

test('nothing is live, or nothing is left out', () => {
  expect(keep(['A'], undefined)).toMatchObject({ texts: { A: 'new' }, findings: [] });
  const same = keep(['A', 'B'], live(applied(ours, 'A', 'B')));
  expect([same.texts, same.findings]).toEqual([{ A: 'new', B: 'new' }, []]);
});

test('beside a manifest the same; without any line the manifest alone has the say', () => {
  const there = live(applied(ours, 'A', 'B', 'C'));
  expect(keep(['A'], there, [manifest]).texts).toEqual({ A: 'new', B: 'b', C: 'c' });
  const plain = keep([], there, [manifest]);
  expect([plain.texts, plain.findings]).toEqual([{ C: 'c' }, []]);
});
