// The project's name on github.com: package.json has it, other files follow it.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Owners have letters, digits and `-`; repositories `_` and `.` as well, and are no `.` or `..`. */
const slug = /^(?<owner>[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))\/(?<name>(?!\.{1,2}$)[\w.-]{1,100})$/;

/**
 * `owner/name` out of package.json's `repository`, which is `"github:OWNER/NAME"` or npm's object
 * with a URL of github.com. Throws where it is neither.
 */
export function projectOf(packageText: string): string {
  const { repository } = JSON.parse(packageText) as { readonly repository?: unknown };
  const url = typeof repository === 'object' && repository !== null && 'url' in repository;
  const text = String(url ? repository.url : repository);
  const name = /^(?:github:|(?:git\+)?https:\/\/github\.com\/)(.+?)(?:\.git)?$/.exec(text)?.[1];
  if (name === undefined || !slug.test(name)) {
    throw new Error(`package.json: repository is ${text}; write "github:OWNER/NAME"`);
  }
  return name;
}

const literally = (text: string) => text.replaceAll(/[.\\+*?()[\]{}|^$]/g, '\\$&');

/** The text with one whole name in place of the other. */
export function renamed(text: string, from: string, to: string): string {
  return text.replaceAll(new RegExp(`(?<![\\w.-])${literally(from)}(?![\\w-])`, 'g'), to);
}

/** Names of the same repository under another owner, where something is fetched by its name. */
export function otherNames(text: string, project: string): readonly string[] {
  const repository = literally(project.slice(project.indexOf('/') + 1));
  const uses = new RegExp(`(?:uses: |github\\.com/|github:)([\\w-]+/${repository})(?![\\w-])`, 'g');
  return [...text.matchAll(uses)].flatMap(([, name]) =>
    name === undefined || name === project ? [] : [name],
  );
}

/** What users read or copy cannot take the name from a constant. Paths from the root. */
export function nameHolders(root: string): readonly string[] {
  const files = globSync(
    [
      'src/core/version.ts',
      '*.md',
      'docs/**/*.md',
      '.github/**/*.yml',
      'example/.github/**/*.yml', // a glob passes hidden folders by
      'example/**/*.{md,sh,yml,yaml}',
      'test/golden/*',
      'e2e/support/fixtures/**/*.yml',
    ],
    { cwd: root, exclude: ['**/node_modules'] },
  );
  return files.sort();
}

/** The holders that still have `from`, written anew with `to` where `write` is set. */
export function follow(
  root: string,
  { from, to, write }: { readonly from: string; readonly to: string; readonly write: boolean },
): readonly string[] {
  return nameHolders(root).filter((path) => {
    const old = readFileSync(join(root, path), 'utf8');
    const text = renamed(old, from, to);
    if (text !== old && write) writeFileSync(join(root, path), text);
    return text !== old;
  });
}
