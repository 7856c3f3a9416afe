// Manifests as files for the scanner: as they will be sent, without Secrets, under stable names.

import { type Document, placeOf, subjectOf } from '../kube/document.ts';
import { kindKey } from '../kube/objects.ts';

export interface FileToScan {
  /** Relative, with `/`: what a path in .trivyignore.yaml is compared with. */
  readonly path: string;
  readonly text: string;
  /** The source, for messages: `Deployment/backend`, the file and the line. */
  readonly object?: string;
  readonly namespace?: string;
  readonly file: string;
  readonly line?: number;
}

const safe = (text: string) => text.replaceAll(/[^A-Za-z0-9.-]/g, '_').slice(0, 100);

/**
 * `manifests/Deployment/backend.yaml`; the namespace only distinguishes two of one name. `namespace` is
 * for objects that name none.
 */
export function manifestFiles(
  documents: readonly Document[],
  namespace?: string,
): readonly FileToScan[] {
  const taken = new Set<string>();
  // No check of a Secret is worth writing its values to a file.
  return documents
    .filter(({ object }) => kindKey(object) !== 'Secret')
    .map((document) => {
      const { kind, metadata } = document.object;
      const sent = { ...document.object, metadata: { namespace, ...metadata } };
      const short = `${safe(kind)}/${safe(metadata.name)}`;
      const long = `${safe(metadata.namespace ?? '')}/${short}`;
      let name = taken.has(short) ? long : short;
      for (let count = 2; taken.has(name); count += 1) name = `${long}-${count}`;
      taken.add(name);
      // JSON is YAML.
      const text = `${JSON.stringify(sent, undefined, 2)}\n`;
      return {
        path: `manifests/${name}.yaml`,
        text,
        ...subjectOf(document.object),
        ...placeOf(document),
      };
    });
}

export interface Dockerfile {
  /** Relative to the workspace. */
  readonly file: string;
  readonly text: string;
}

/** Without duplicates, under their own paths: two images may share one. */
export function dockerfileFiles(dockerfiles: readonly Dockerfile[]): readonly FileToScan[] {
  const byFile = new Map(dockerfiles.map((each) => [each.file, each]));
  return [...byFile.values()].map(({ file, text }) => {
    const parts = file.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
    const folders = parts.slice(0, -1).map(safe);
    // The scanner recognises a Dockerfile only by its name.
    const name = safe(parts.at(-1) ?? '');
    const known = /^(?:Dockerfile|Containerfile)/i.test(name) ? name : `Dockerfile.${name}`;
    return { path: ['dockerfiles', ...folders, known].join('/'), text, file };
  });
}
