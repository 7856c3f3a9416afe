// The name that somebody probably meant.
import { closestMatch } from 'leven';

const shownNames = 12;

/** The candidate that differs by a slip of the hand; undefined where none is that close. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const others = candidates.filter((each) => each !== name);
  const part = others.find((each) => each.endsWith(`-${name}`) || name.endsWith(`-${each}`));
  const maxDistance = Math.max(1, Math.min(3, Math.floor(name.length / 3)));
  return closestMatch(name, others, { maxDistance }) ?? part;
}

/** `a, b, c, …`, and which of them is close. */
export function choices(name: string, candidates: readonly string[]): string {
  const close = nearest(name, candidates);
  const sorted = [...candidates].sort();
  const shown = sorted.slice(0, shownNames).join(', ') + (sorted.length > shownNames ? ', …' : '');
  return close === undefined ? shown : `${shown}; the nearest is ${close}`;
}
