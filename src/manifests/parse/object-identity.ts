// The identity that every object needs: apiVersion, kind and name.

import { type Finding, finding } from '../../core/errors.ts';
import { clip, oneLine } from '../../core/text.ts';
import type { Path } from '../../kube/document.ts';
import { type Fields, isFields } from '../../kube/json.ts';
import type { KubeObject, Metadata } from '../../kube/objects.ts';

interface Written {
  readonly file: string;
  lineOf(path: Path): number;
}

interface Problem {
  readonly path: Path;
  readonly what: string;
  readonly hint?: string;
}

export type Checked = { readonly object: KubeObject } | { readonly findings: readonly Finding[] };

/** The value as an object, or everything that its identity lacks, with file and line. */
export function checkHead(value: unknown, written: Written): Checked {
  const problems = isFields(value) ? headProblems(value) : [notAnObject(value)];
  if (problems.length === 0 && isFields(value)) return { object: toObject(value) };
  const name = isFields(value) ? nameOfFields(value) : undefined;
  return {
    findings: problems.map(({ path, what, hint }) =>
      finding('manifest-invalid', `${name ?? 'A manifest'} ${what}.`, {
        ...(name === undefined ? {} : { object: name }),
        file: written.file,
        line: written.lineOf(path),
        ...(hint === undefined ? {} : { hint }),
      }),
    ),
  };
}

function notAnObject(value: unknown): Problem {
  const what = Array.isArray(value) ? 'is a list' : 'is a single value';
  const hint =
    'Write `apiVersion:`, `kind:` and `metadata:` at the top; separate objects by `---`.';
  return { path: [], what: `${what}, not an object`, hint };
}

function nameOfFields(value: Fields): string | undefined {
  const { kind, metadata } = value;
  if (typeof kind !== 'string' || kind === '') return undefined;
  const name = isFields(metadata) ? metadata['name'] : undefined;
  const shown = typeof name === 'string' ? `${kind}/${name}` : kind;
  return clip(oneLine(shown), 200);
}

function headProblems(value: Fields): readonly Problem[] {
  const { apiVersion, kind, metadata } = value;
  const kustomization =
    typeof apiVersion === 'string' && apiVersion.startsWith('kustomize.config.k8s.io/');
  if (kustomization) {
    const hint = 'Name its folder in `manifests` instead, or exclude the file with a leading "-".';
    return [{ path: [], what: 'is for kustomize, not for the cluster', hint }];
  }
  return [
    ...textProblem(apiVersion, ['apiVersion'], 'Begin it with `apiVersion: v1`, `apps/v1`, …'),
    ...textProblem(kind, ['kind'], 'Write the kind, for example `kind: Deployment`.'),
    ...(isFields(metadata) ? metadataProblems(metadata) : [noMetadata(metadata)]),
  ];
}

function noMetadata(metadata: unknown): Problem {
  const what =
    metadata === undefined || metadata === null
      ? 'has no metadata.name'
      : 'has a metadata that is not an object';
  return { path: ['metadata'], what, hint: 'Give it a `metadata:` with a `name:`.' };
}

function textProblem(value: unknown, path: Path, hint: string): readonly Problem[] {
  const field = path.join('.');
  if (typeof value === 'string' && value !== '') return [];
  if (value === undefined || value === null || value === '') {
    return [{ path, what: `has no ${field}`, hint }];
  }
  return [{ path, what: `has ${article(value)} as its ${field}, not a text`, hint: quoteIt }];
}

const quoteIt = 'Put the value in quotes: YAML reads yes, no, on, off and digits as other types.';

function article(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return isFields(value) ? 'an object' : `a ${typeof value === 'boolean' ? 'boolean' : 'number'}`;
}

function metadataProblems(metadata: Fields): readonly Problem[] {
  const { name, generateName, namespace } = metadata;
  const generated = generateName !== undefined && (name === undefined || name === '');
  const nameProblems = generated
    ? [generatedName]
    : textProblem(name, ['metadata', 'name'], 'Give it a metadata.name.');
  const blank = namespace === undefined || namespace === null || namespace === '';
  return [
    ...nameProblems,
    ...(blank ? [] : textProblem(namespace, ['metadata', 'namespace'], quoteIt)),
    ...['labels', 'annotations'].flatMap((field) => textsProblems(metadata[field], field)),
  ];
}

const generatedName: Problem = {
  path: ['metadata', 'generateName'],
  what: 'has generateName and no name, but server-side apply needs a fixed name',
  hint: 'Give it metadata.name; for a Job of every release, put a variable into it: name: migrate-${RELEASE}.',
};

function textsProblems(value: unknown, field: string): readonly Problem[] {
  if (value === undefined || value === null) return [];
  const path = ['metadata', field];
  if (!isFields(value)) return [{ path, what: `has metadata.${field} that are not an object` }];
  return Object.entries(value).flatMap(([key, item]) => {
    if (typeof item === 'string' || item === null) return [];
    const what = `has ${article(item)} in metadata.${field}[${clip(oneLine(key), 80)}], not a text`;
    return [{ path: [...path, key], what, hint: quoteIt }];
  });
}

/** Empty `namespace`, `labels` and `annotations` are dropped, so that later code never sees null. */
function toObject(value: Fields): KubeObject {
  const { metadata } = value;
  const said = Object.entries(isFields(metadata) ? metadata : {}).filter(
    ([key, item]) =>
      !(['namespace', 'labels', 'annotations'].includes(key) && (item === null || item === '')),
  );
  return { ...value, metadata: Object.fromEntries(said) as unknown as Metadata } as KubeObject;
}
