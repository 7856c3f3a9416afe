// The lock file: whatever npm downloads is compared with a digest, and no registry's address is in it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

interface Entry {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
}

const path = join(import.meta.dirname, '..', '..', 'package-lock.json');
const { packages } = JSON.parse(readFileSync(path, 'utf8')) as {
  readonly packages: Readonly<Record<string, Entry>>;
};
// The root is this project; a bundled package lies inside of one that has its digest.
const downloaded = Object.entries(packages).filter(
  ([name, { link, inBundle }]) => name !== '' && !link && !inBundle,
);

test('every package that is downloaded has its SHA-512', () => {
  expect(downloaded.length).toBeGreaterThan(100);
  const without = downloaded.filter(
    ([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''),
  );
  expect(without.map(([name]) => name)).toEqual([]);
});

test('no registry is named: whoever installs says where packages come from', () => {
  const named = downloaded.filter(([, { resolved }]) => resolved !== undefined);
  expect(named.map(([name]) => name)).toEqual([]);
});
