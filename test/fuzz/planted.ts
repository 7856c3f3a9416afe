// Targets with planted faults: what the fuzzer must catch, and how it looks when nothing is wrong.
import fc from 'fast-check';
import { finding } from '../../src/core/errors.ts';
import { type Targets, target } from './target.ts';

const numbers = fc.array(fc.nat(1_000), { maxLength: 2 });
const large = (numbers: readonly number[]): boolean => numbers.some((each) => each > 900);
const said = (what: string) => ({ findings: [finding('api-error', what)] });

export const targets: Targets = {
  sound: target<readonly number[]>(numbers, () => said('nothing is wrong')),
  throws: target<readonly number[]>(numbers, (all) => {
    if (large(all)) throw new TypeError('planted');
    return said('fine');
  }),
  'throws-later': target<readonly number[]>(numbers, (all) => {
    if (large(all)) void Promise.reject(new TypeError('planted, and nobody awaits it'));
    return said('fine');
  }),
  hangs: target<readonly number[]>(numbers, (all) => {
    while (large(all));
    return said('fine');
  }),
  waits: target<readonly number[]>(numbers, (all) =>
    large(all) ? new Promise(() => undefined) : said('fine'),
  ),
  grows: target<readonly number[]>(numbers, (all) => {
    if (large(all)) Buffer.alloc(60 * 2 ** 20, 1);
    return said('fine');
  }),
  leaks: target<readonly string[]>(
    fc.array(fc.record({ $secret: fc.tuple(fc.constant(0), fc.constant('base64')) }), {
      maxLength: 3,
    }),
    // Past the gate: a file that is written as it is.
    (all) => ({ files: [`login ${all.join(' ')}`] }),
  ),
  commands: target<readonly number[]>(numbers, (all) => {
    // Past the gate, as an answer on standard output goes.
    return { printed: large(all) ? ['{}\n::error::planted'] : [] };
  }),
};
