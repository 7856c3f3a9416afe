import type { Document } from '../../../src/kube/document.ts';
import { parseManifests } from '../../../src/manifests/parse/parse.ts';

/** The documents of a YAML text that has to be right. */
export function documentsOf(text: string, file = 'app.yaml'): readonly Document[] {
  const { documents, findings } = parseManifests(text, file);
  if (findings.length > 0) throw new Error(JSON.stringify(findings));
  return documents;
}

/** The only document of a text. */
export function documentOf(text: string, file?: string): Document {
  const [document, ...more] = documentsOf(text, file);
  if (!document || more.length > 0) throw new Error('not exactly one document');
  return document;
}
