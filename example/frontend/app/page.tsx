import { newest } from '../lib/creatives.ts';
import { List } from '../lib/list.tsx';
import { NewCreative } from './new-creative.tsx';

// Read at each request: what is in the database now, not at the build.
export const dynamic = 'force-dynamic';

export default async function Page() {
  return (
    <main>
      <h1>AI Creatives</h1>
      <NewCreative />
      <List creatives={await newest()} />
    </main>
  );
}
