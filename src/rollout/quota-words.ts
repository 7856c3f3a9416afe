// What a quota's refusal says in numbers: what is asked, what is used, what is allowed.
import { plain } from './plain-text.ts';

/** `quota small: pods: asks for 1, used 2 of 2`, from the words of the admission plugin. */
export function quotaWords(message: string): readonly string[] {
  const [, name = '', asked = '', used = '', limited = ''] =
    /exceeded quota: ([^,]+), requested: (.+), used: (.+), limited: (.+)$/.exec(message) ?? [];
  const amounts = (text: string) => new Map(text.split(',').map((each) => pairOf(each)));
  const [has, most] = [amounts(used), amounts(limited)];
  return [...amounts(asked)]
    .filter(([what]) => what !== '')
    .map(([what, amount]) =>
      plain(
        `quota ${name}: ${what}: asks for ${amount}, used ${has.get(what)} of ${most.get(what)}`,
        200,
      ),
    );
}

function pairOf(text: string): readonly [string, string] {
  const [what = '', amount = ''] = text.split('=');
  return [what.trim(), amount.trim()];
}
