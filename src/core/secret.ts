// A value that must never be shown: its text form is a placeholder.
const revealed = new WeakMap<Secret, string>();

/** Wraps a secret text. Only `reveal` returns it, and only Shell, Http and the cluster call that. */
export class Secret {
  constructor(text: string) {
    revealed.set(this, text);
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '***';
  }
}

/** The text inside a secret, or the plain text itself. For the ports only. */
export function reveal(value: Secret | string): string {
  return typeof value === 'string' ? value : (revealed.get(value) ?? '');
}
