// What the layer changes in a workflow before act runs it, and that it changes nothing else.
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { filterStep, placeOf, rewrite } from '../../../e2e/support/runner/rules/rewrite.ts';
import {
  callersBefore,
  files,
  hubBefore,
  hubNow,
} from '../../../e2e/support/runner/rules/worlds.ts';
import { project } from '../../../src/core/version.ts';

/** Takes back what the layer does; another way than the one it was done. */
function undone(text: string): unknown {
  const named = text.replaceAll(`'${project}'`, 'job.workflow_repository');
  const tree = parse(named.replaceAll(/__(?:HUB|OWN)_[A-Z_]+/g, ''));
  for (const job of Object.values<Record<string, unknown>>(tree.jobs)) {
    const { outputs = {}, steps = [] } = job as {
      outputs?: Record<string, string>;
      steps?: { id?: string; env: Record<string, string> }[];
    };
    const filter = steps.at(-1)?.id === filterStep ? steps.pop() : undefined;
    for (const name of Object.keys(outputs)) {
      expect(outputs[name]).toBe(`\${{ steps.${filterStep}.outputs.${name} }}`);
      const index = filter?.env['WEBGEN_RULES_OUTPUTS']?.split(' ').indexOf(name);
      outputs[name] = filter?.env[`WEBGEN_RULES_${index}`] ?? '';
    }
  }
  return tree;
}

describe('the workflows for act', () => {
  const hubs = { before: hubBefore(), now: hubNow() };

  test.each(
    Object.entries(hubs).flatMap(([when, hub]) => files.map((file) => [when, file, hub[file]])),
  )('%s, %s.yml: secrets and outputs are another’s, and nothing else', (_, file, text = '') => {
    const rewritten = rewrite(text, `hub_${file}`, {}, project);
    expect(rewritten).not.toBe(text);
    expect(undone(rewritten)).toEqual(parse(text));
  });

  test.each(files)('a caller of %s.yml passes every secret to every job', (file) => {
    const text = callersBefore()[file] ?? '';
    const uses = `${project}/.github/workflows/${file}.yml@v1`;
    const places = Object.keys(parse(hubBefore()[file] ?? '').jobs).map((job) =>
      placeOf(`hub_${file}`, job),
    );
    const rewritten = rewrite(text, 'own', { [uses]: places });
    const [was, is] = [text, rewritten].map((each) => Object.values<never>(parse(each).jobs)[0]);
    const { secrets, ...rest } = was as unknown as Record<string, Record<string, string>>;
    const { secrets: passed = {}, ...same } = is as unknown as typeof rest;
    expect(same).toEqual(rest);
    expect(Object.keys(passed)).toEqual(
      Object.keys(secrets ?? {}).flatMap((name) => places.map((place) => `${name}__${place}`)),
    );
  });

  test('what it cannot follow is refused', () => {
    const job = (text: string) => `jobs:\n  a:\n    steps:\n      - run: ${text}\n`;
    for (const hole of ["${{ secrets.A || secrets['B'] }}", '${{ toJSON(secrets) }}']) {
      expect(() => rewrite(job(hole), 'own')).toThrow('names no secret');
    }
    const above = `env: {A: '\${{ vars.A }}'}\n${job('x')}`;
    expect(() => rewrite(above, 'own')).toThrow('stands outside of a job');
  });
});
