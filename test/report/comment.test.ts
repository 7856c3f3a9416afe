import { describe, expect, test } from '@jest/globals';
import { differenceText } from '../../src/apply/dry-run/difference-text.ts';
import { commentBody, commentMarker } from '../../src/report/comment.ts';
import { renderSummary } from '../../src/report/render.ts';
import { outcomes } from '../support/report/outcomes.ts';
import { resultOf } from '../support/scan/results.ts';

const base = outcomes['diff'];
if (!base) throw new Error('an outcome is missing');
const marker = commentMarker({ app: 'shop', environment: 'staging' });
const runUrl = 'https://github.com/acme/shop/actions/runs/1';

function page(data: Readonly<Record<string, string>>, count = 1): string {
  const changes = Array.from({ length: count }, (_, at) => {
    const metadata = { name: `evil-${at}` };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    const patch = differenceText(undefined, object);
    return { object: `ConfigMap/evil-${at}`, change: 'created' as const, patch };
  });
  return renderSummary({ ...base, changes } as NonNullable<typeof base>);
}

/** What GitHub would read as Markdown: fenced blocks are shown as they are. */
const outside = (body: string): string => body.replaceAll(/^(`{3,})\w*\n[\s\S]*?^\1$/gm, '');

describe('a preview as a comment', () => {
  test('no text of a manifest is markup, a mention or a second marker', () => {
    const body = commentBody(
      marker,
      page({
        everyone: '@everyone <img src=x onerror=alert(1)> ``` @octocat',
        a: `${marker}\n</details>\n\`\`\`\n# big\n`,
      }),
      runUrl,
    );
    expect(body.split('\n')[0]).toBe(marker);
    expect(body).toContain('@everyone');
    const read = outside(body);
    expect(read).toContain('evil-0');
    expect(read).not.toMatch(/@everyone|@octocat|<img|# big/);
    expect(read.match(/<!--/g)).toHaveLength(1);
    expect(read.match(/<details>/g)).toHaveLength(read.match(/<\/details>/g)?.length ?? -1);
  });

  test('however long it is, has what restarts, what is pruned and what scans found', () => {
    const changes = (base.changes ?? []).map((each) => ({
      ...each,
      patch: `+${'x'.repeat(900)}\n`.repeat(25),
    }));
    const more = Array.from({ length: 5 }, () => changes).flat();
    const scans = Array.from({ length: 4 }, (_, at) =>
      resultOf('image-vulnerable.json', { name: `i${at}` }),
    );
    const page = renderSummary({ ...base, changes: more, scans }, undefined, true);
    const body = commentBody(marker, page, runUrl);
    expect(body).toContain('Cut here');
    for (const part of [
      'Would restart',
      'Would be pruned',
      'not pruned',
      'Image <code>i3</code>',
    ]) {
      expect(body).toContain(part);
    }
  });

  test('cut anywhere, every fence and every fold is closed', () => {
    const data = Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [`key-${at}`, `\`\`\`\n${'x'.repeat(40 + at)}`]),
    );
    const body = commentBody(marker, page(data, 60), runUrl);
    expect(body.length).toBeGreaterThan(60_000);
    expect(body.length).toBeLessThan(65_536);
    const read = outside(body);
    expect(read).not.toMatch(/^`{3,}/m);
    expect(read.match(/<details>/g)).toHaveLength(read.match(/<\/details>/g)?.length ?? -1);
    expect(body.trimEnd().endsWith('has the rest._')).toBe(true);
  });
});
