import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { List } from '../lib/list.tsx';

const html = (creatives: Parameters<typeof List>[0]['creatives']) =>
  renderToStaticMarkup(createElement(List, { creatives }));

test('shows adverts, escaped', () => {
  const creative = { id: 1, title: '<b>Tea', status: 'ready', slogan: 'made', created_at: '' };
  expect(html([creative as never])).toBe('<ul><li>&lt;b&gt;Tea <small>made</small></li></ul>');
});

test('says what is still being made, that there is nothing, and what went wrong', () => {
  const queued = { id: 1, title: 'Tea', status: 'queued', slogan: null, created_at: '' } as const;
  expect(html([queued])).toContain('is being made');
  expect(html([])).toContain('Nothing yet.');
  expect(html('The API does not answer.')).toContain('role="alert"');
});
