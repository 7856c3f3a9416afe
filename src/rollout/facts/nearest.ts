// The name that was probably meant.
import { closestMatch } from 'leven';

const shownNames = 12;

/** The candidate closest to a typing mistake; undefined where none is that close. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const others = candidates.filter((each) => each !== name);
  const part = others.find((each) => each.endsWith(`-${name}`) || name.endsWith(`-${each}`));
  const maxDistance = Math.max(1, Math.min(3, Math.floor(name.length / 3)));
  return closestMatch(name, others, { maxDistance }) ?? part;
}

/** `a, b, c, …`, and the closest of them. */
export function choices(name: string, candidates: readonly string[]): string {
  const close = nearest(name, candidates);
  const sorted = [...candidates].sort();
  const shown = sorted.slice(0, shownNames).join(', ') + (sorted.length > shownNames ? ', …' : '');
  return close === undefined ? shown : `${shown}; the nearest is ${close}`;
}
