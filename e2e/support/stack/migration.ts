// A new migration in the application's folder, made by its own Makefile.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from './place.ts';

/** As a developer writes one: the target makes the file, and the statement is filled in. */
export async function addMigration(place: Place): Promise<void> {
  await place.make('migrate-create NAME=add_price', {
    PYTHON: python(place),
  });
  const folder = join(place.stack.folder, 'backend', 'migrations', 'versions');
  const name = (await readdir(folder)).find((each) => each.startsWith('0003'));
  const text = await readFile(join(folder, `${name}`), 'utf8');
  const add = 'ALTER TABLE creatives ADD COLUMN price numeric(10, 2) NOT NULL DEFAULT 490';
  await writeFile(join(folder, `${name}`), text.replace('op.execute("")', `op.execute("${add}")`));
}

/** Alembic where the machine has none: the image's own, with the folder mounted. */
function python(place: Place): string {
  const image = `${place.site.cluster.registry}/backend:1`;
  const mount = `${place.stack.folder}/backend:/srv`;
  return `docker run --rm --network host --user 0 --volume ${mount} ${image} python3`;
}
