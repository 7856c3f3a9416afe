// The table of sources: how each kind of source is recognised, and how it becomes documents.
import { dirname } from 'node:path';
import type { Files } from '../../core/ports.ts';
import { parseManifests } from '../parse/parse.ts';
import { type Loaded, type Loading, loadKustomization } from './load-kustomization.ts';
import { loadRemote } from './load-remote.ts';
import { type Found, isKustomizationFile, kustomizationIn, type Places } from './places.ts';

export interface Search {
  readonly files: Files;
  readonly places: Places;
}

type Place = Pick<Found, 'path' | 'real'>;

interface LocalSource {
  /** What to load where `found`, which may be read, is such a source or stands for one. */
  readonly recognises: (found: Found, search: Search) => Promise<Found | undefined>;
  /** Problems come back as findings. Throws what reading a file throws. */
  readonly load: (place: Place, loading: Loading) => Promise<Loaded>;
  /** Only for a line that names it: a glob, or a folder of manifests, takes files as they are. */
  readonly namedOnly?: true;
}

/** The first that recognises a path has it. */
const local = {
  kustomization: {
    namedOnly: true,
    async recognises(found, { files, places }) {
      const stands = found.kind === 'file' && isKustomizationFile(found.path);
      const around = stands ? await places.find(dirname(found.path)) : found;
      if (around?.kind !== 'folder') return undefined;
      return (await kustomizationIn(files, around.path)) === undefined ? undefined : around;
    },
    load: ({ path }, loading) => loadKustomization(path, loading),
  },
  file: {
    recognises: async (found) => (found.kind === 'file' ? found : undefined),
    load: async ({ path, real }, { ports, places }) =>
      parseManifests(await ports.files.read(real), places.show(path)),
  },
} as const satisfies Readonly<Record<string, LocalSource>>;

export type LocalPlace = Place & { readonly by: keyof typeof local };
export type Source =
  | LocalPlace
  | {
      readonly by: 'remote';
      readonly url: string;
      readonly sha256: string;
      readonly shown: string;
    };

/** Undefined for what no source recognises: a folder of manifests, or no file at all. */
export async function recognise(
  found: Found,
  search: Search & { readonly isNamed: boolean },
): Promise<LocalPlace | undefined> {
  for (const by of Object.keys(local) as (keyof typeof local)[]) {
    const source: LocalSource = local[by];
    if (source.namedOnly && !search.isNamed) continue;
    const place = await source.recognises(found, search);
    if (place) return { by, path: place.path, real: place.real };
  }
  return undefined;
}

/** Its documents, and every problem as a finding. */
export async function loadSource(source: Source, loading: Loading): Promise<Loaded> {
  if (source.by === 'remote') return loadRemote(source, loading.ports.http);
  return local[source.by].load(source, loading);
}
