// What a kustomization may refer to: nothing remote on a pull request, and never a program.
//
// kustomize fetches more than its bases: patches, generator files and plugin configuration may all
// be addresses, and its field names are case-insensitive. So a pull request's kustomization is checked
// against a list of known fields, and everything else in it is refused.
import { isFields } from '../../kube/json.ts';

export interface Objection {
  readonly path: readonly (string | number)[];
  readonly what: string;
  readonly hint: string;
}

/** Lists whose entries are files or folders. */
export const referenceLists = [
  ...['resources', 'bases', 'components'],
  ...['crds', 'configurations', 'generators', 'transformers', 'validators'],
] as const;
export const pluginLists = ['generators', 'transformers', 'validators'] as const;

const knownFields = new Set<string>([
  ...referenceLists,
  ...['apiVersion', 'kind', 'metadata', 'namespace', 'namePrefix', 'nameSuffix', 'buildMetadata'],
  ...['commonLabels', 'labels', 'commonAnnotations', 'images', 'imageTags', 'replicas', 'vars'],
  ...['patches', 'patchesStrategicMerge', 'patchesJson6902', 'replacements', 'openapi'],
  ...['configMapGenerator', 'secretGenerator', 'generatorOptions', 'sortOptions'],
]);

/** The line of each is looked up, which is quadratic in the number of keys. */
const mostObjections = 100;

// Fields whose values kustomize never opens as a path.
const plainTexts = new Set<string | number>([
  ...['labels', 'commonLabels', 'commonAnnotations', 'annotations', 'literals', 'images'],
  ...['patch', 'metadata', 'apiVersion'],
]);

// The last character of a scheme is enough: matching from its first one is quadratic in the length.
const address = /[a-z0-9+.-]:\/\/|^git::|\bgit@|^gh:|(^|[/@.])github\.com\b|[?&](ref|version)=/i;

/** What no run may do: start programs, neither Helm nor a plugin. */
export function programObjections(value: unknown): readonly Objection[] {
  if (!isFields(value)) return [];
  return Object.keys(value)
    .filter((key) => /^helm/i.test(key))
    .map((key) => ({
      path: [key],
      what: `asks for Helm charts (${key}), which kubectl kustomize does not start`,
      hint: 'Render the chart in an earlier step (helm template), and name its output in manifests.',
    }));
}

/** Why a plugin's configuration is refused: it starts a program, a container or a chart. */
export function pluginObjection(value: unknown): string | undefined {
  if (!isFields(value)) return 'is not an object';
  const { apiVersion, kind, metadata } = value;
  const annotations = isFields(metadata) ? metadata['annotations'] : undefined;
  const functions = ['config.kubernetes.io/function', 'config.k8s.io/function'];
  if (isFields(annotations) && functions.some((key) => Object.hasOwn(annotations, key))) {
    return 'starts a program or a container (config.kubernetes.io/function)';
  }
  if (apiVersion !== 'builtin') return 'is a plugin, not one of the transformers that are built in';
  return kind === 'HelmChartInflationGenerator' ? 'asks for Helm charts' : undefined;
}

/** What a run for a pull request may not do: fetch anything, or use unknown fields. */
export function untrustedObjections(value: unknown): readonly Objection[] {
  if (!isFields(value)) return [];
  const unknown = Object.keys(value)
    .filter((key) => !knownFields.has(key) && !/^helm/i.test(key))
    .map((key) => ({
      path: [key],
      what: `has a field ${key}, which is not known, so a run for a pull request refuses it`,
      hint: 'Write field names exactly as the kustomize reference does.',
    }));
  return [...unknown.slice(0, mostObjections), ...addressObjections(value)];
}

/** Values that kustomize would fetch. */
export function addressObjections(value: unknown): readonly Objection[] {
  return texts(value, [])
    .filter(({ text }) => !text.includes('\n') && address.test(text))
    .slice(0, mostObjections)
    .map(({ text, path }) => remoteObjection(text, path));
}

export function remoteObjection(text: string, path: Objection['path']): Objection {
  const what = `refers to ${text}, and a run for a pull request fetches nothing from elsewhere`;
  const hint =
    'Copy the base into the repository, or deploy from a push, where remote bases are allowed.';
  return { path, what, hint };
}

export function missingObjection(text: string, path: Objection['path']): Objection {
  const hint = 'Correct the path; it is relative to the kustomization.';
  return { path, what: `refers to ${text}, which is not in the repository`, hint };
}

/** True for anything that is not clearly a relative path: kustomize tries to clone it. */
export function mayBeRemote(reference: string): boolean {
  return address.test(reference) || /[:?@\\]|\.git(\/|$)|\s/.test(reference);
}

function texts(
  value: unknown,
  path: Objection['path'],
): readonly { readonly text: string; readonly path: Objection['path'] }[] {
  if (typeof value === 'string') return [{ text: value, path }];
  if (Array.isArray(value)) return value.flatMap((item, index) => texts(item, [...path, index]));
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    plainTexts.has(key) ? [] : texts(item, [...path, key]),
  );
}
