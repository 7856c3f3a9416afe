// Asks the server what every object would become, all at once, before the first write.
import type { Api } from '../../cluster/api.ts';
import { readLive, readOne, whereAllowed } from '../../cluster/live-objects.ts';
import { type Finding, finding } from '../../core/errors.ts';
import type { Document } from '../../kube/document.ts';
import { fillIn } from '../../kube/left-out.ts';
import { isProvablySame, managerOf } from '../../kube/managed-fields.ts';
import { identityOf, type KubeObject, kindKey, nameOf } from '../../kube/objects.ts';
import { setLabels } from '../../manifests/transform.ts';
import type { ApplySettings } from '../planned/apply-settings.ts';
import { autoscaledBy, isScalable, liveAutoscalers } from '../planned/autoscalers.ts';
import type { PlannedObject } from '../planned/planned-object.ts';
import { type ServedDocument, serveDocuments } from '../planned/served-documents.ts';
import type { Candidate, DryRunResult } from './dry-run-object.ts';
import { dryRunObject } from './dry-run-object.ts';
import { keepKeys } from './kept-keys.ts';
import { previewFindings } from './preview-findings.ts';
import { type AsTheyRun, asTheyRun } from './preview-images.ts';
import { planRestarts } from './restarts.ts';
import { withoutStaleOwners } from './stale-owners.ts';

export interface DryRunOutcome {
  /** Complete only if no finding is fatal. */
  readonly objects: readonly PlannedObject[];
  readonly findings: readonly Finding[];
  /** In a preview: images that a deploy would set, shown as they run now. */
  readonly unbuilt?: AsTheyRun['unbuilt'];
}

/** Changes nothing. Every problem of every object becomes a finding; throws if the API is unreachable. */
export async function dryRunAll(
  documents: readonly Document[],
  settings: ApplySettings,
): Promise<DryRunOutcome> {
  const { api, namespace } = settings;
  const { served, findings } = await serveDocuments(documents, api, namespace);
  if (findings.length > 0) return { objects: [], findings };
  const owned = await withoutStaleOwners(served, settings);
  const read = [...(await missingNamespace(served, settings)), ...owned.documents];
  const warnings: Finding[] = [...owned.findings];
  const [{ live, findings: unreadable, hidden }, scalers] = await Promise.all([
    readLive(read.filter((each) => !each.pending).map(wanted), api, settings.signal),
    scalersFor(read, settings, (warning) => warnings.push(warning)),
  ]);
  if (unreadable.length > 0 && !settings.preview) return { objects: [], findings: unreadable };
  const manager = managerOf(settings.app);
  const { documents: shown, unbuilt } = settings.preview
    ? asTheyRun(read, live)
    : { documents: read, unbuilt: [] };
  const filled = shown.map(({ document }) => withLiveValues(document, live));
  const lost = filled.flatMap(({ findings: own }) => own);
  if (lost.length > 0) return { objects: [], findings: lost };
  const kept = filled.map(({ document }) => {
    return keepKeys(document, live.get(identityOf(document.object)), manager);
  });
  warnings.push(...kept.flatMap(({ findings: own }) => own));
  const all = shown.map((each, at) => ({ ...each, document: kept[at]?.document ?? each.document }));
  const known = { all, live, scalers, manager };
  const candidates = candidatesOf(known).filter(
    ({ document }) => !hidden.some(({ object }) => object === document.object),
  );
  const results = await dryRunRounds(candidates, settings);
  const objects = results.filter((each) => 'object' in each);
  const refusals = results.flatMap((each) => ('findings' in each ? each.findings : []));
  return {
    objects: planRestarts(objects, settings),
    unbuilt,
    findings: [
      ...warnings,
      ...previewFindings({ unreadable, hidden, denied: objects.flatMap(deniedOf) }),
      ...objects.flatMap(warnedOf),
      ...withoutRepeats(refusals),
    ],
  };
}

const deniedOf = (each: object): readonly Finding[] =>
  'denied' in each ? [each.denied as Finding] : [];

const warnedOf = (each: object): readonly Finding[] =>
  'warnings' in each ? (each.warnings as readonly Finding[]) : [];

/** Restores to a recorded object what its record had to leave out, before anything is sent. */
function withLiveValues(document: Document, live: ReadonlyMap<string, KubeObject>) {
  const { object, missing } = fillIn(document.object, live.get(identityOf(document.object)));
  if (object === document.object) return { document, findings: [] };
  const { namespace } = object.metadata;
  const findings = missing.map((path) =>
    finding(
      'release-not-found',
      `The release leaves out ${path} of ${nameOf(object)}, which held a secret, and it is not live any more.`,
      {
        object: nameOf(object),
        ...(namespace ? { namespace } : {}),
        hint: 'Deploy the commit of that release instead; history has it.',
      },
    ),
  );
  return { document: { ...document, object }, findings };
}

const wanted = ({ document, resource }: ServedDocument) => ({ object: document.object, resource });

interface Known {
  readonly all: readonly ServedDocument[];
  readonly live: ReadonlyMap<string, KubeObject>;
  readonly scalers: readonly KubeObject[];
  readonly manager: string;
}

function candidatesOf({ all, live, scalers, manager }: Known): readonly Candidate[] {
  const objects = all.map(({ document }) => document.object);
  const made = new Set(
    objects
      .filter((each) => kindKey(each) === 'Namespace' && !live.has(identityOf(each)))
      .map((each) => each.metadata.name),
  );
  const isSame = (object: KubeObject): boolean => {
    const there = live.get(identityOf(object));
    return there !== undefined && isProvablySame(object, there, manager);
  };
  const autoscaled = autoscaledBy([...objects, ...scalers]);
  return all.map(({ document, resource, pending, definition }) => {
    const { object } = document;
    const home = object.metadata.namespace;
    const unverified = pending
      ? { why: 'its CustomResourceDefinition is made by this run' }
      : home !== undefined && made.has(home)
        ? { why: `its namespace ${home} is made by this run`, elsewhere: 'default' }
        : undefined;
    return {
      document,
      resource,
      live: live.get(identityOf(object)),
      autoscaled: autoscaled(object),
      newSchema: definition !== undefined && !isSame(definition.object),
      ...(unverified ? { unverified } : {}),
    };
  });
}

/** `create-namespace`: adds the run's namespace as one more object if it does not exist yet. */
async function missingNamespace(
  served: readonly ServedDocument[],
  { api, app, createNamespace, namespace, signal }: ApplySettings,
): Promise<readonly ServedDocument[]> {
  if (!createNamespace || !namespace) return [];
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  const named = served.some(({ document }) => identityOf(document.object) === identityOf(object));
  const resource = await api.resourceOf('v1', 'Namespace');
  if (named || !resource) return [];
  // Without permission to read it, the dry run shows whether it exists.
  let mayLook = true;
  const read = readOne({ resource, object, api, signal });
  const there = await whereAllowed(read, () => {
    mayLook = false;
  });
  if (there || !mayLook) return [];
  const written: Document = { object, file: '', line: 1, lineOf: () => 1 };
  return setLabels([written], app).map((document) => ({
    document,
    resource,
    pending: false,
  }));
}

async function scalersFor(
  all: readonly ServedDocument[],
  { api }: { readonly api: Api },
  warn: (warning: Finding) => void,
): Promise<readonly KubeObject[]> {
  const scalable = all.map(({ document }) => document.object).filter(isScalable);
  const namespaces = new Set(scalable.flatMap((each) => each.metadata.namespace ?? []));
  return liveAutoscalers(namespaces, api, (hint) => {
    const what = 'Autoscalers may not be listed, so replicas that one of them owns are not seen.';
    warn(finding('forbidden', what, { severity: 'warning', hint }));
  });
}

/** A missing namespace or permission is reported once, not once per object. */
function withoutRepeats(findings: readonly Finding[]): readonly Finding[] {
  const said = Map.groupBy(findings, ({ code, namespace, what }) => `${code} ${namespace} ${what}`);
  return [...said.values()].flatMap(([first]) => first ?? []);
}

/** What could not be dry-run, and why. */
export function unverifiedOf(objects: readonly PlannedObject[]) {
  return objects.flatMap(({ object, unverified }) =>
    unverified ? [{ object: nameOf(object), why: unverified }] : [],
  );
}

const rounds = 3;

/** Results in the order of the candidates. A round costs one list for each kind and namespace. */
async function dryRunRounds(
  candidates: readonly Candidate[],
  settings: ApplySettings,
): Promise<readonly DryRunResult[]> {
  const first = await Promise.all(candidates.map((each) => dryRunObject(each, settings)));
  const results = new Map(candidates.map((each, at) => [each.document, first[at]]));
  for (let round = 2; round <= rounds; round += 1) {
    const again = await reread(candidates, results, settings);
    const next = await Promise.all(again.map((each) => dryRunObject(each, settings)));
    for (const [at, { document }] of again.entries()) results.set(document, next[at]);
  }
  return [...results.values()].filter((each) => each !== undefined);
}

async function reread(
  candidates: readonly Candidate[],
  results: ReadonlyMap<Candidate['document'], DryRunResult | undefined>,
  { api, signal }: ApplySettings,
): Promise<readonly Candidate[]> {
  const outdated = candidates.flatMap((candidate) => {
    const result = results.get(candidate.document);
    const answered = result && 'outdated' in result ? result.outdated : undefined;
    return answered ? [{ ...candidate, answered }] : [];
  });
  const wanted = outdated.map(({ document, resource }) => ({ object: document.object, resource }));
  const { live } = await readLive(wanted, api, signal);
  return outdated.flatMap((each) => {
    const now = live.get(identityOf(each.document.object));
    return now ? [{ ...each, live: now }] : [];
  });
}
