// The step that turns the `manifests` input into documents: files, kustomizations and addresses.
import type { RunContext } from '../../core/context.ts';
import type { Ports } from '../../core/ports.ts';
import type { Document } from '../../kube/document.ts';
import { findDuplicates } from '../parse/parse.ts';
import { entryFinding } from './entries.ts';
import { findSources } from './find-files.ts';
import type { Loaded, Loading } from './load-kustomization.ts';
import { placesOf } from './places.ts';
import { loadSource } from './sources.ts';

export interface LoadManifests {
  readonly ports: Pick<Ports, 'shell' | 'files' | 'http'>;
  readonly context: Pick<RunContext, 'workspace' | 'temp'>;
  /** The run is for a pull request: kustomizations may not refer to anything remote. */
  readonly untrusted: boolean;
  /** The path of kubectl; installs it if need be. Called only for kustomization folders. */
  kubectl(): Promise<string>;
  readonly signal?: AbortSignal;
}

/**
 * Loads every line: a file, a folder (what is directly in it), a glob, a kustomization folder or
 * `https://…#sha256=<hex>`; a leading `-` excludes. All problems come back as findings; documents
 * that could be read are there all the same. Nothing is sent anywhere.
 */
export async function loadManifests(
  entries: readonly string[],
  deps: LoadManifests,
): Promise<{ readonly documents: readonly Document[]; readonly findings: Loaded['findings'] }> {
  const { ports, context, untrusted, signal } = deps;
  const places = await placesOf(ports.files, context);
  const { sources, findings } = await findSources(entries, { files: ports.files, places });
  const loading: Loading = {
    ports,
    places,
    untrusted,
    kubectl: onceOnly(deps.kubectl),
    ...(signal ? { signal } : {}),
  };
  const loaded = await Promise.all(sources.map((source) => loadSource(source, loading)));
  const documents = loaded.flatMap((each) => each.documents);
  const problems = [...findings, ...loaded.flatMap((each) => each.findings)];
  const empty = documents.length === 0 && entries.length > 0 && problems.length === 0;
  return {
    documents,
    findings: [
      ...problems,
      ...(empty ? [nothingInside(entries)] : []),
      ...findDuplicates(documents),
    ],
  };
}

function nothingInside(entries: readonly string[]) {
  const hint = 'Check that the files are not empty and not all commented out.';
  return entryFinding(entries.join(', '), 'names no object at all', hint);
}

function onceOnly<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
