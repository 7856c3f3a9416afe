import { describe, expect, test } from '@jest/globals';
import { reveal, Secret } from '../../src/core/secret.ts';
import { placeOf } from '../../src/kube/document.ts';
import { valueAt } from '../../src/kube/json.ts';
import { secretDocuments } from '../../src/manifests/secrets.ts';
import { documentOf } from '../support/manifests/documents.ts';

const value = (secret: string, key: string, text: string) => ({
  secret,
  key,
  value: new Secret(text),
});

function shown(data: unknown): string {
  return reveal(data instanceof Secret ? data : String(data));
}

describe('the input', () => {
  test('becomes Opaque Secrets, one per name, that nobody can read', () => {
    const { documents, findings } = secretDocuments(
      [value('db', 'user', 'me'), value('other', 'a', ''), value('db', 'password', 'gehéim\n')],
      [],
    );
    expect(findings).toEqual([]);
    expect(documents.map(({ object, file, line }) => [object.metadata.name, file, line])).toEqual([
      ['db', 'input secrets', 1],
      ['other', 'input secrets', 1],
    ]);
    expect(JSON.parse(JSON.stringify(documents[0]?.object))).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'db' },
      type: 'Opaque',
      data: { user: '***', password: '***' },
    });
    const password = shown(valueAt(documents[0]?.object, ['data', 'password']));
    expect(Buffer.from(password, 'base64').toString()).toBe('gehéim\n');
  });

  test('a large value is no problem', () => {
    const { documents } = secretDocuments([value('a', 'b', 'x'.repeat(900_000))], []);
    expect(shown(valueAt(documents[0]?.object, ['data', 'b']))).toHaveLength(1_200_000);
  });
});

describe('a Secret of the manifests', () => {
  const written = documentOf(
    [
      'apiVersion: v1',
      'kind: Secret',
      'metadata: {name: db}',
      'type: kubernetes.io/basic-auth',
      'data: {username: bWU=, both: b2xk}',
      'stringData:',
      '  password: old',
      '  both: new',
    ].join('\n'),
  );

  test('has data only, since stringData never removes a key; its lines stay', () => {
    const [document] = secretDocuments([], [written]).documents;
    expect(document?.object).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'db' },
      type: 'kubernetes.io/basic-auth',
      data: { username: 'bWU=', both: 'bmV3', password: 'b2xk' },
    });
    expect(document?.lineOf(['data', 'password'])).toBe(7);
    expect(document?.lineOf(['data', 'username'])).toBe(5);
    expect(document && placeOf(document, ['data', 'both'])).toEqual({ file: 'app.yaml', line: 8 });
  });

  test('gets the keys of the input', () => {
    const { documents, findings } = secretDocuments([value('db', 'token', 't')], [written]);
    expect(findings).toEqual([]);
    expect(documents).toHaveLength(1);
    expect(Object.keys(Object(documents[0]?.object['data']))).toEqual([
      'username',
      'both',
      'password',
      'token',
    ]);
  });

  test('and the input must not have the same key', () => {
    const { findings } = secretDocuments([value('db', 'password', 'hunter2')], [written]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      code: 'input-invalid',
      object: 'Secret/db',
      file: 'app.yaml',
      line: 7,
    });
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  });

  test('in another namespace is another Secret', () => {
    const elsewhere = documentOf(
      'apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: b}',
    );
    const values = [value('db', 'a', 'x')];
    expect(secretDocuments(values, [elsewhere], 'a').documents).toHaveLength(2);
    expect(secretDocuments(values, [elsewhere], 'b').documents).toHaveLength(1);
  });

  test('with stringData that is not made of texts is left for the server to refuse', () => {
    const wrong = documentOf(
      'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: 1}',
    );
    expect(secretDocuments([], [wrong]).documents[0]?.object).toEqual(wrong.object);
  });
});
