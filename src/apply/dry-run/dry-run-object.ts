// Dry-runs one object against the server: what would change, or everything that is wrong with it.
import {
  forbiddenFinding,
  permissionDenied,
  statusOf,
  warningsOf,
} from '../../cluster/api-errors.ts';
import { nearestField } from '../../cluster/field-names.ts';
import type { Finding } from '../../core/errors.ts';
import type { ApiRequest, ApiResponse } from '../../core/ports.ts';
import { comparable, unmet } from '../../kube/compare.ts';
import type { Document } from '../../kube/document.ts';
import { valueAt, withValueAt } from '../../kube/json.ts';
import { isProvablySame, managerOf, ownsReplicas } from '../../kube/managed-fields.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { Resource } from '../../kube/resource.ts';
import { sentObject } from '../../kube/sent-object.ts';
import { warningFindings } from '../../rejection/api-warnings.ts';
import { conflictsOf, mayTakeOver } from '../../rejection/conflicts.ts';
import { mayRecreate } from '../../rejection/immutable.ts';
import { isManifestsFault, refusalFindings } from '../../rejection/rejection-findings.ts';
import type { ApplySettings } from '../planned/apply-settings.ts';
import type { PlannedObject } from '../planned/planned-object.ts';
import { applyRequest } from '../write/apply-request.ts';
import { sendApply } from '../write/send-apply.ts';
import { failureField, rerunFields, taskState } from '../write/tasks.ts';
import { predictByReading } from './overlay.ts';
import { predict } from './prediction.ts';

export interface Candidate {
  readonly document: Document;
  readonly resource: Resource;
  readonly live: KubeObject | undefined;
  readonly autoscaled: boolean;
  /** Why it cannot be dry-run yet; `elsewhere`: a namespace where its fields can be checked. */
  readonly unverified?: { readonly why: string; readonly elsewhere?: string };
  /** Its CRD is changed by this run: a rejection by the old schema proves nothing. */
  readonly newSchema: boolean;
  /** The answer of an earlier round. */
  readonly answered?: Answered;
}

/** The server's answer to a dry run. */
interface Answered {
  readonly answer: KubeObject;
  readonly force: boolean;
}

export type DryRunResult =
  | (PlannedObject & {
      /** Another client wrote after our read, so the difference may be theirs. */
      readonly outdated?: Answered;
      /** A preview without permission to dry-run it: it was compared by reading. */
      readonly denied?: Finding;
      /** What the server warned of. */
      readonly warnings?: readonly Finding[];
    })
  | { readonly findings: readonly Finding[] };

/** Usually one dry run; a second one where fields are taken over. */
export async function dryRunObject(
  candidate: Candidate,
  settings: ApplySettings,
): Promise<DryRunResult> {
  const { document, live, unverified } = candidate;
  const manager = managerOf(settings.app);
  const object = sentObject(document.object, {
    ...candidate,
    app: settings.app,
    home: settings.home,
    repository: settings.repository,
  });
  const planned = { ...candidate, object, force: settings.forceConflicts, restart: [] };
  if (unverified) return notYet(planned, unverified, settings);
  if (live && !live.metadata.deletionTimestamp && isProvablySame(object, live, manager)) {
    const failure = failureField(live);
    if (failure !== undefined) return replaced(planned, [failure]);
    return { ...plain(planned), predicted: live, change: 'unchanged', fields: [], write: false };
  }
  const known = answerFor(candidate);
  if (known) return predicted(planned, known, settings);
  const body = withOwnReplicas(object, candidate, manager);
  const { request, response, force } = await tryApply(body, candidate, settings);
  if (response.status > 201) {
    const seen = settings.preview && previewed(planned, { request, response }, settings);
    if (seen) return seen;
    const result = refused(planned, { request, response });
    if ('object' in result) return result;
    return { findings: await advised(result.findings, planned, settings) };
  }
  const done = predicted(planned, { answer: response.body as KubeObject, force }, settings);
  const warnings = warningFindings(warningsOf(response), document);
  return 'object' in done && warnings.length > 0 ? { ...done, warnings } : done;
}

/** An earlier dry run's answer is still valid if nothing has been written since. */
function answerFor({ answered, live }: Candidate): Answered | undefined {
  const there = live?.metadata.resourceVersion;
  return there !== undefined && answered?.answer.metadata.resourceVersion === there
    ? answered
    : undefined;
}

function predicted(planned: Prepared, answered: Answered, settings: ApplySettings): DryRunResult {
  const { object, autoscaled, live } = planned;
  const { answer, force } = answered;
  const existing = live?.metadata.deletionTimestamp ? undefined : live;
  const manager = managerOf(settings.app);
  const takeClientSide = !settings.partial;
  const dryRun = { sent: object, live: existing, answer, manager, autoscaled, takeClientSide };
  const prediction = predict(dryRun);
  const rerun = existing && rerunFields(existing, prediction.fields);
  if (rerun) return replaced(planned, rerun);
  const seen = existing?.metadata.resourceVersion === answer.metadata.resourceVersion;
  const outdated = existing !== undefined && !seen && prediction.change === 'configured';
  const done = { ...plain(planned), ...prediction, force };
  return outdated ? { ...done, outdated: answered } : done;
}

function replaced(planned: Prepared, fields: readonly string[]): PlannedObject {
  const { object } = planned;
  return { ...plain(planned), predicted: object, change: 'recreated', fields, write: true };
}

type Prepared = Candidate & Pick<PlannedObject, 'object' | 'force' | 'restart'>;

interface Refusal {
  readonly request: ApiRequest;
  readonly response: ApiResponse;
}

async function tryApply(body: KubeObject, candidate: Candidate, settings: ApplySettings) {
  const { resource } = candidate;
  const manager = managerOf(settings.app);
  const { signal, forceConflicts } = settings;
  const send = async (force: boolean) => {
    const request = applyRequest(resource, body, { manager, dryRun: true, force, signal });
    return { request, force, response: await sendApply(request, settings) };
  };
  const first = await send(forceConflicts);
  const conflicts = conflictsOf(statusOf(first.response));
  return mayTakeOver(conflicts) ? send(true) : first;
}

/** The hand-over before the write keeps the live number; a dry run can only send it. */
function withOwnReplicas(object: KubeObject, candidate: Candidate, manager: string): KubeObject {
  const { live, autoscaled } = candidate;
  if (!autoscaled || !ownsReplicas(live, manager)) return object;
  return withValueAt(object, ['spec', 'replicas'], valueAt(live, ['spec', 'replicas']));
}

function refused(planned: Prepared, { request, response }: Refusal): DryRunResult {
  const { document, object, live, newSchema } = planned;
  const findings = refusalFindings({ document, object, live, request, response });
  const others = findings.filter(({ code }) => code !== 'field-immutable');
  const immutable = others.length < findings.length;
  // The template of a Job never changes: another one is another run.
  if (live && immutable && (taskState(live) !== undefined || mayRecreate(object, live))) {
    if (others.length > 0) return { findings: others };
    return replaced(planned, unmet(comparable(live), comparable(object), ''));
  }
  if (newSchema && findings.every(({ code }) => isManifestsFault(code))) {
    return unchecked(planned, 'its CustomResourceDefinition is changed by this run');
  }
  return { findings };
}

/** What blocks a deploy from writing need not block a preview from reading. */
function previewed(
  planned: Prepared,
  { request, response }: Refusal,
  settings: ApplySettings,
): Promise<DryRunResult> | DryRunResult | undefined {
  const { object, live } = planned;
  const { namespace } = object.metadata;
  if (response.status === 404 && statusOf(response)?.details?.kind === 'namespaces') {
    const why = `its namespace ${namespace} does not exist yet`;
    return notYet(planned, { why, elsewhere: 'default' }, settings);
  }
  if (!permissionDenied(response)) return undefined;
  const denied = forbiddenFinding(response, request);
  const guess = predictByReading(object, live, managerOf(settings.app));
  return { ...plain(planned), ...guess, denied };
}

/** Its fields are checked in another namespace, under another name; nothing else counts. */
async function notYet(
  planned: Prepared,
  { why, elsewhere }: NonNullable<Candidate['unverified']>,
  settings: ApplySettings,
): Promise<DryRunResult> {
  const { document, object, live } = planned;
  if (elsewhere === undefined) return unchecked(planned, why);
  const name = `${object.metadata.name.slice(0, 40)}-dry-run`;
  const metadata = { ...object.metadata, name, namespace: elsewhere };
  const body = { ...object, metadata };
  const { request, response } = await tryApply(body, planned, settings);
  if (response.status <= 201) return unchecked(planned, why);
  const refusal = { document, object, live, request, response };
  const findings = refusalFindings(refusal).filter(({ code }) => isManifestsFault(code));
  if (findings.length === 0) return unchecked(planned, why);
  return { findings: await advised(findings, planned, settings) };
}

/** Unknown fields get the name that was probably meant. */
function advised(
  findings: readonly Finding[],
  { object }: Prepared,
  { api }: ApplySettings,
): Promise<readonly Finding[]> {
  return Promise.all(
    findings.map(async (each) => {
      const field = /^unknown field "(.*)"$/.exec(each.evidence[0] ?? '')?.[1];
      if (each.code !== 'field-unknown' || field === undefined) return each;
      const near = await nearestField(object, field, api);
      return near === undefined ? each : { ...each, hint: `Did you mean ${near}?` };
    }),
  );
}

function unchecked(planned: Prepared, unverified: string): PlannedObject {
  const { object, live } = planned;
  const change = live ? 'configured' : 'created';
  return { ...plain(planned), predicted: object, change, fields: [], write: true, unverified };
}

function plain({ document, resource, object, live, force, autoscaled, restart }: Prepared) {
  return { document, resource, object, live, force, autoscaled, restart };
}
