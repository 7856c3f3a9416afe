import type { Creative } from './creatives.ts';

/** The adverts, or the sentence that says why there are none. */
export function List({ creatives }: { creatives: readonly Creative[] | string }) {
  if (typeof creatives === 'string') return <p role="alert">{creatives}</p>;
  if (creatives.length === 0) return <p>Nothing yet.</p>;
  return (
    <ul>
      {creatives.map(({ id, title, status, slogan }) => (
        <li key={id}>
          {title} <small>{status === 'ready' ? slogan : 'is being made'}</small>
        </li>
      ))}
    </ul>
  );
}
