import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { catalog } from '../../src/tools/catalog.ts';
import { resolveVersion } from '../../src/tools/versions.ts';
import { type Maker, platform, startMaker } from '../support/tools/maker.ts';
import { cloudPorts, problem } from '../support/yandex/cloud.ts';

let maker: Maker;
beforeEach(async () => {
  maker = await startMaker();
  maker.files.set('release/stable.txt', 'v1.35.1');
  maker.files.set('release/stable-1.35.txt', 'v1.35.1\n');
  maker.files.set('release/stable-1.34.txt', 'v1.34.4');
  maker.files.set('release/stable-1.33.txt', 'v1.33.9');
});
afterEach(() => maker.close());

const resolve = (asked: string, clusterVersion?: string) =>
  resolveVersion({
    tool: catalog.kubectl,
    asked,
    platform,
    http: cloudPorts().http,
    maker: maker.url,
    ...(clusterVersion === undefined ? {} : { clusterVersion }),
  });

describe('kubectl', () => {
  test.each([
    ['1.34.2', undefined, '1.34.2'],
    ['v1.34.2', undefined, '1.34.2'],
    ['latest', undefined, '1.35.1'],
    ['auto', undefined, '1.35.1'],
    ['auto', '1.34', '1.34.4'],
    ['auto', 'v1.33.2-gke.5', '1.33.9'],
    ['match-cluster', 'v1.34.0', '1.34.4'],
    ['1.34', undefined, '1.34.4'],
    ['v1.33', undefined, '1.33.9'],
    ['1.34.x', undefined, '1.34.4'],
    ['~1.33.4', undefined, '1.33.9'],
    ['>=1.33 <1.35', undefined, '1.34.4'],
    ['<=1.34.1', undefined, '1.34.1'],
    ['^1.33', undefined, '1.35.1'],
    ['<1.35.0 >=1.34.2', undefined, '1.34.4'],
  ])('%s with cluster %s is %s', async (asked, cluster, expected) => {
    expect(await resolve(asked, cluster)).toBe(expected);
  });

  test('an exact version asks nobody', async () => {
    await resolve('1.34.2');
    expect(maker.seen).toEqual([]);
  });

  test('a range asks only for the minors that it may hold', async () => {
    await resolve('~1.33.4');
    expect(maker.seen).toEqual(['GET /release/stable.txt', 'GET /release/stable-1.33.txt']);
  });

  test.each([
    ['newest', undefined, 'input-invalid'],
    ['match-cluster', undefined, 'input-invalid'],
    ['1.99', undefined, 'tool-unavailable'],
    ['>2', undefined, 'tool-unavailable'],
    ['1.32', undefined, 'tool-unavailable'],
  ])('%s with cluster %s fails: %s', async (asked, cluster, code) => {
    expect(await problem(resolve(asked, cluster))).toMatchObject({ code });
  });

  test('a page instead of a version is never taken for one', async () => {
    maker.files.set('release/stable.txt', '<html>v1.2.3</html>');
    expect(await problem(resolve('latest'))).toMatchObject({ code: 'tool-unavailable' });
  });

  test.each(['v1.999999.1', 'v1.36.999999999', 'v999999.1.1'])(
    'a number that nobody counts down from is none: %s',
    async (newest) => {
      maker.files.set('release/stable.txt', newest);
      expect(await problem(resolve('<1.2.0'))).toMatchObject({ code: 'tool-unavailable' });
    },
  );

  test('a maker out of reach is said', async () => {
    await maker.close();
    const found = await problem(resolve('latest'));
    expect(found.evidence[0]).toContain('ECONNREFUSED');
    maker = await startMaker();
  });
});
