// One reader per type of value: takes text, returns a value or every problem with it.
import { closestMatch } from 'leven';
import exact from 'semver/functions/valid.js';
import range from 'semver/ranges/valid.js';
import { type Finding, finding } from './errors.ts';
import { Secret } from './secret.ts';

export type Read<T> = { readonly value: T } | { readonly findings: readonly Finding[] };

/** `text` is never empty; `name` is the input that a finding names. */
export type Reader<T> = (text: string, name: string) => Read<T>;

/** `what` continues the sentence "Input `name` …". */
export function invalid(name: string, what: string, hint: string): Finding {
  const end = what.endsWith('?') ? '' : '.';
  return finding('input-invalid', `Input \`${name}\` ${what}${end}`, { hint });
}

export function refuse(...args: Parameters<typeof invalid>): { findings: readonly Finding[] } {
  return { findings: [invalid(...args)] };
}

/** Describes a text that must not be shown. */
export function shapeOf(text: string): string {
  const lines = text.split('\n').length;
  const characters = `${text.length} character${text.length === 1 ? '' : 's'}`;
  return lines === 1 ? `a text of ${characters}` : `${lines} lines, ${characters}`;
}

/** Short printable texts verbatim; anything else by its shape. */
export function shown(text: string): string {
  return /^[\x20-\x7e]{1,40}$/.test(text) ? JSON.stringify(text) : shapeOf(text);
}

/** "; did you mean `x`?", or nothing if no candidate is close. */
export function didYouMean(text: string, candidates: readonly string[]): string {
  const maxDistance = Math.max(1, Math.min(3, Math.floor(text.length / 3)));
  const match = closestMatch(text.toLowerCase(), [...candidates], { maxDistance });
  return match === undefined ? '' : `; did you mean \`${match}\`?`;
}

export function oneOf<const T extends string>(...values: readonly T[]): Reader<T> {
  const choice = values.map((each) => `\`${each}\``).join(', ');
  return (text, name) => {
    const value = values.find((each) => each === text.trim());
    if (value !== undefined) return { value };
    const guess = didYouMean(text, values);
    return refuse(
      name,
      `is ${shown(text)}${guess || ', which is not a valid choice'}`,
      `Use ${choice}.`,
    );
  };
}

export const boolean: Reader<boolean> = (text, name) => {
  if (/^(?:true|false)$/i.test(text)) return { value: text.toLowerCase() === 'true' };
  return refuse(name, `is ${shown(text)}, not a boolean`, 'Write `true` or `false`.');
};

export function integer(min: number, max: number): Reader<number> {
  return (text, name) => {
    const value = /^(?:0|[1-9]\d{0,8})$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return { value };
    const hint = `Write a whole number from ${min} to ${max}.`;
    return refuse(name, `is ${shown(text)}, not a number in range`, hint);
  };
}

const hour = 3_600_000;
const minute = 60_000;

/** `90s`, `10m`, `1h30m` → milliseconds. The bounds are milliseconds too. */
export function duration(min: number, max: number): Reader<number> {
  return (text, name) => {
    const parts = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(text);
    const bounds = `from ${asDuration(min)} to ${asDuration(max)}`;
    const hint = `Write a duration ${bounds}, such as 90s or 10m.`;
    if (/^\d+$/.test(text)) return refuse(name, `is ${shown(text)}, which has no unit`, hint);
    if (!parts) return refuse(name, `is ${shown(text)}, not a duration`, hint);
    const [hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
    const value = (hours ?? 0) * hour + (minutes ?? 0) * minute + (seconds ?? 0) * 1000;
    if (value >= min && value <= max) return { value };
    return refuse(name, `is ${shown(text)}, out of bounds`, hint);
  };
}

function asDuration(ms: number): string {
  if (ms >= hour && ms % hour === 0) return `${ms / hour}h`;
  return ms >= minute && ms % minute === 0 ? `${ms / minute}m` : `${ms / 1000}s`;
}

/** RFC 1123, as Kubernetes requires of namespaces and of label values that become names. */
export const dnsLabel: Reader<string> = (text, name) => {
  if (/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) return { value: text };
  const guess = toDnsLabel(text);
  const better = guess && guess !== text && text.length <= 40 ? `, such as \`${guess}\`` : '';
  const hint = `Use lower-case letters, digits and inner \`-\`, at most 63${better}.`;
  return refuse(name, `is ${shown(text)}, not a DNS label`, hint);
};

/** The nearest DNS label: lower case, `-` for invalid characters; empty if nothing is left. */
export function toDnsLabel(text: string): string {
  const label = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return label.replace(/^-/, '').slice(0, 63).replace(/-$/, '');
}

/** An id or a name that becomes a part of a request's path. It is never shown. */
export const identifier: Reader<string> = (text, name) => {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(text)) return { value: text };
  return refuse(name, `is ${shapeOf(text)}, not an id or a name`, 'Copy it from the console.');
};

/** One line of visible characters, never shown. */
export const token: Reader<Secret> = (text, name) => {
  if (/^[\x21-\x7e]{1,16384}$/.test(text)) return { value: new Secret(text) };
  const what = `is ${shapeOf(text)}, not a token: it has spaces, line breaks or other characters`;
  return refuse(name, what, 'Pass the token alone, as one word.');
};

/** A password: one line that may hold spaces, never shown. */
export const passphrase: Reader<Secret> = (text, name) => {
  if (text.length <= 16384 && !/\p{Cc}/u.test(text)) return { value: new Secret(text) };
  const what = `is ${shapeOf(text)}, not a password: it has line breaks or control characters`;
  return refuse(name, what, 'Pass the password alone, on one line.');
};

export const label: Reader<string> = (text, name) => {
  if (/^[\x20-\x7e]{1,256}$/.test(text)) return { value: text };
  return refuse(name, `is ${shapeOf(text)}`, 'Write one line of at most 256 printable characters.');
};

/** An exact version (without a leading `v`), a range, or one of the words. */
export function version(accepts: 'exact' | 'range', ...words: readonly string[]): Reader<string> {
  const list = words.map((each) => `\`${each}\``).join(', ');
  const ranges = accepts === 'range' ? ' or a range such as 1.34.x' : '';
  const hint = `Use ${list}, an exact version such as 1.34.2${ranges}.`;
  return (text, name) => {
    if (words.includes(text)) return { value: text };
    const found = exact(text) ?? (accepts === 'range' ? range(text) && text : null);
    // YAML reads an unquoted 1.30 as the number 1.3, which is not the intended version.
    if (/^1\.[1-9]$/.test(text)) {
      return refuse(name, `is ${text}: YAML drops a last zero`, `Write it in quotes: '${text}0'.`);
    }
    if (found) return { value: found };
    const guess = didYouMean(text, words) || ', not a version';
    return refuse(name, `is ${shown(text)}${guess}`, hint);
  };
}

export const sha256: Reader<string> = (text, name) => {
  if (/^[0-9a-f]{64}$/i.test(text)) return { value: text.toLowerCase() };
  const hint = 'Write the SHA-256 as 64 hexadecimal digits.';
  return refuse(name, `is ${shapeOf(text)}, not a SHA-256`, hint);
};

/** The address of a page for people. */
export const pageUrl: Reader<string> = (text, name) => {
  const url = /^[\x21-\x7e]{1,2000}$/.test(text) ? URL.parse(text) : null;
  const hint = 'Write https://host/path.';
  if (!url || !/^https?:$/.test(url.protocol)) {
    return refuse(name, `is ${shapeOf(text)}, not the address of a page`, hint);
  }
  if (url.username || url.password) {
    return refuse(name, 'has a user or password in the URL', 'Take the credentials out of it.');
  }
  return { value: url.href };
};

/** `gitlab.example.com`, with its port unless that is 443, as in a URL. */
export const hostName: Reader<string> = (text, name) => {
  const url = URL.parse(`https://${text}`);
  const hint = 'Write the host alone, with its port if it has one: gitlab.example.com';
  if (!/^[\w.:[\]-]{1,260}$/.test(text) || !url?.hostname) {
    return refuse(name, `is ${shapeOf(text)}, not a host`, hint);
  }
  return { value: url.host };
};

const loopback = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** This machine itself; a URL's hostname. */
export const isLoopback = (hostname: string): boolean => loopback.test(hostname);

/** A base address without its last slash: https, or http to loopback only. */
export const httpsUrl: Reader<string> = (text, name) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const hint = 'Write https://host/path; http:// is for loopback alone.';
  if (!url || !/^[a-z]+:\/\/[^\s/]/i.test(text) || /\s/.test(text))
    return refuse(name, `is ${shapeOf(text)}, not a URL`, hint);
  if (url.username || url.password) {
    return refuse(name, 'has a user or password in the URL', 'Take the credentials out of it.');
  }
  if (text.includes('?') || text.includes('#')) {
    return refuse(name, 'has a query or fragment', 'Write the base address alone.');
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback.test(url.hostname))) {
    return refuse(name, `begins with ${shown(url.protocol)}, which is not safe`, hint);
  }
  return { value: url.href.replace(/\/+$/, '') };
};
