// Label selectors: `matchLabels` and `matchExpressions`.
import { fieldsAt, items, textAt, valueAt } from './json.ts';

/** An empty selector selects everything; an operator that is not known, nothing. */
export function selects(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const isLabelled = Object.entries(fieldsAt(selector, 'matchLabels')).every(
    ([key, value]) => labels[key] === value,
  );
  return (
    isLabelled &&
    items(valueAt(selector, ['matchExpressions'])).every((each) => holds(each, labels))
  );
}

function holds(expression: unknown, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[textAt(expression, 'key') ?? ''];
  const values = items(valueAt(expression, ['values']));
  switch (textAt(expression, 'operator')) {
    case 'In':
      return values.includes(value);
    case 'NotIn':
      return !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
