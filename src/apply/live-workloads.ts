// Without manifests: finds the live workloads that run the images, and makes documents of them.
import { listAll } from '../cluster/list.ts';
import { type Finding, finding } from '../core/errors.ts';
import { containerImages } from '../images/containers.ts';
import { parseReference, repositoryMatches } from '../images/reference.ts';
import { invalidImages, setImages, unmatchedImages } from '../images/set-images.ts';
import type { Document } from '../kube/document.ts';
import { isFields, valueAt, withValueAt } from '../kube/json.ts';
import { kindsWhere } from '../kube/kinds.ts';
import { appliedObject, managerOf } from '../kube/managed-fields.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { ApplySettings } from './planned/apply-settings.ts';

export interface LiveImages {
  /** For `dryRunAll` with `partial: true`; also those whose image is right already. */
  readonly documents: readonly Document[];
  readonly findings: readonly Finding[];
}

const kinds = kindsWhere(({ takesImages }) => takesImages === true);

/**
 * Each document holds what our manager owns of the object already, and the image: an apply of less
 * would take the rest away. Findings: `image-not-matched`, `image-name-invalid`, `input-invalid`.
 */
export async function liveImageDocuments(
  images: Readonly<Record<string, string>>,
  { api, app, namespace, signal }: ApplySettings,
): Promise<LiveImages> {
  if (namespace === undefined) return { documents: [], findings: [homeless()] };
  const lists = await Promise.all(
    kinds.map(async ([apiVersion, kind]) => {
      const resource = await api.resourceOf(apiVersion, kind);
      if (!resource) return [];
      return (await listAll(api, resource, { namespace, ...(signal ? { signal } : {}) })).objects;
    }),
  );
  // What another object makes would be put back by it at once.
  const live = lists.flat().filter((each) => !each.metadata.ownerReferences?.some(isController));
  const set = setImages(live, images);
  const unmatched = unmatchedImages(images, set).map((each) =>
    onLive(each, namespace, live.length),
  );
  const findings = [...invalidImages(images), ...unmatched];
  const documents = set.objects.flatMap((wanted, at) => {
    const object = live[at];
    const matched = object ? matchedContainers(object, images) : new Set<string>();
    if (!object || matched.size === 0) return [];
    return [documentOf(withImages({ live: object, wanted, matched, manager: managerOf(app) }))];
  });
  return { documents, findings };
}

/** Without manifests the live workloads are what a line has to match. */
function onLive(unmatched: Finding, namespace: string, workloads: number): Finding {
  const subject = { ...unmatched, namespace };
  if (workloads > 0) return { ...subject, hint: unmatched.hint.replace('manifests', 'workloads') };
  return {
    ...subject,
    evidence: [`no workload runs in the namespace ${namespace}`],
    hint: 'Check the namespace; the first deploy of a workload needs its `manifests`.',
  };
}

const isController = ({ controller }: { readonly controller?: boolean }): boolean =>
  controller === true;

/** The paths (joined) of the images that a line of the input means. */
function matchedContainers(object: KubeObject, images: Readonly<Record<string, string>>) {
  const paths = containerImages(object).flatMap(({ path, image }) => {
    const repository = parseReference(image)?.repository;
    const matches = (name: string) => repository && repositoryMatches(repository, name);
    return Object.keys(images).some(matches) ? [path.join('.')] : [];
  });
  return new Set(paths);
}

interface Found {
  readonly live: KubeObject;
  readonly wanted: KubeObject;
  readonly matched: ReadonlySet<string>;
  readonly manager: string;
}

/** The part that we own, plus the image of every matched container. */
function withImages({ live, wanted, matched, manager }: Found): KubeObject {
  const found = containerImages(wanted).filter(({ path }) => matched.has(path.join('.')));
  return found.reduce(
    (object, { path, container, image }) => {
      const list = path.slice(0, -2);
      const there = valueAt(object, list);
      const items: readonly unknown[] = Array.isArray(there) ? there : [];
      const at = items.findIndex((item) => isFields(item) && item['name'] === container);
      const kept = isFields(items[at]) ? items[at] : {};
      const item = { ...kept, name: container, image };
      return withValueAt(object, list, at < 0 ? [...items, item] : items.with(at, item));
    },
    appliedObject(live, manager),
  );
}

function documentOf(object: KubeObject): Document {
  return { object, file: '', line: 1, lineOf: () => 1 };
}

function homeless(): Finding {
  return finding('input-invalid', 'No namespace is known whose workloads could get the images.', {
    hint: 'Set the namespace input.',
  });
}
