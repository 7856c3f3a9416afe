// Each of GitHub's rules in the tests' layer holds against its fixture, and only with that rule.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { mask, masksOf, outputsOf } from '../../../e2e/support/runner/rules/masks.ts';
import { type Options, schedule } from '../../../e2e/support/runner/rules/schedule.ts';
import { type Asked, reached } from '../../../e2e/support/runner/rules/secrets.ts';
import {
  allRules,
  type Rules,
  ruleNames,
  ruleTable,
  without,
} from '../../../e2e/support/runner/rules/table.ts';
import type { Repository, World } from '../../../e2e/support/runner/rules/world.ts';

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'github-rules');

interface Masked {
  readonly secrets: readonly string[];
  readonly added?: readonly string[];
}

interface Fixture {
  readonly mask?: Masked & { readonly text: string };
  readonly outputs?: Masked & { readonly outputs: Readonly<Record<string, string>> };
  readonly reach?: Asked;
  readonly schedule?: Options &
    Pick<World, 'own'> &
    Partial<Pick<World, 'called'>> &
    Partial<Pick<Repository, 'environments'>> & {
      readonly happenings: Parameters<typeof schedule>[1];
    };
  readonly expect: unknown;
}

function answer(fixture: Fixture, rules: Rules): unknown {
  const { mask: masked, outputs, reach, schedule: scheduled } = fixture;
  if (masked) return mask(masked.text, masksOf(masked.secrets, masked.added, rules));
  if (outputs) return outputsOf(outputs.outputs, masksOf(outputs.secrets, [], rules), rules);
  if (reach) return reached(reach, rules);
  if (!scheduled) throw new Error('a fixture of no kind');
  const { environments = {}, own, called = {}, happenings, ...options } = scheduled;
  const world = { repository: { owner: 'acme', name: 'shop', environments }, own, called };
  return schedule(world, happenings, { ...options, rules }).log;
}

const fixtureOf = (name: string): Fixture =>
  parse(readFileSync(join(folder, `${name}.yml`), 'utf8'));

describe('the table of GitHub’s rules', () => {
  test('has a fixture for every rule, and no other, each with its source', () => {
    const files = readdirSync(folder).map((file) => file.replace(/\.yml$/, ''));
    expect(files.sort()).toEqual([...ruleNames].sort());
    for (const name of ruleNames) {
      expect(ruleTable[name].source).toMatch(
        /^docs\.github\.com|^github\.blog|^actions\/runner|#\d+/,
      );
      expect(readFileSync(join(folder, `${name}.yml`), 'utf8')).toMatch(/^# .*\//);
    }
  });

  test.each(ruleNames)('%s: as its source says', (name) => {
    const fixture = fixtureOf(name);
    expect(answer(fixture, allRules)).toEqual(fixture.expect);
  });

  test.each(ruleNames)('%s: without it the fixture ends otherwise', (name) => {
    const fixture = fixtureOf(name);
    expect(answer(fixture, without(name))).not.toEqual(fixture.expect);
  });
});
