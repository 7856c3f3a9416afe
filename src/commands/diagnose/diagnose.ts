// The same judgement over saved objects, without a cluster: what somebody mailed in can be read.

import type { Finding, ReportedFinding } from '../../core/errors.ts';
import type { Patience } from '../../kube/annotations.ts';
import { identityOf, type KubeObject, kindKey, nameOf } from '../../kube/objects.ts';
import { recordOf } from '../../report/findings.ts';
import { type Answer, type Memory, putAnswer } from '../../rollout/facts/memory.ts';
import { createSnapshot, type Snapshot } from '../../rollout/facts/snapshot.ts';
import type { LiveFinding, Proof, Verdict } from '../../rollout/facts/verdict.ts';
import { byGravity } from '../../rollout/facts/verdict.ts';
import { judge } from '../../rollout/judge/judge.ts';
import { checkedTexts, oddityOf } from '../../rollout/judge/oddity.ts';
import { rowOf } from '../../rollout/judge/row-of.ts';
import { memoryOfSaved } from '../../rollout/judge/saved-memory.ts';
import { withShortTexts } from '../../rollout/judge/short-texts.ts';
import { latestTime, prepare } from './prepare.ts';
import { newestOf, readSaved, type Saved, type SavedFile } from './saved-objects.ts';

export type { SavedFile } from './saved-objects.ts';

/** One object without an owner in the input; what it owns reports here. */
export interface DiagnosisRow {
  readonly object: string;
  readonly namespace?: string;
  readonly verdict: Verdict['state'];
  readonly words: string;
  readonly findings: readonly ReportedFinding[];
}

export interface FileDiagnosis {
  readonly rows: readonly DiagnosisRow[];
  /** About the files: fatal where one cannot be read, warnings where something was skipped. */
  readonly problems: readonly Finding[];
}

export interface DiagnoseOptions {
  /** Milliseconds; by default the latest time in the files. */
  readonly now?: number;
  readonly patience?: Patience;
}

/** Judges saved objects as they stand at `now`. Never throws because of the files' contents. */
export function diagnose(
  files: readonly SavedFile[],
  options: DiagnoseOptions = {},
): FileDiagnosis {
  const read = files.map(readSaved);
  const all = prepare(newestOf(read.flatMap(({ saved }) => saved))).map((each) => ({
    ...each,
    object: withShortTexts(each.object),
  }));
  const at = options.now ?? latestTime(all.map(({ object }) => object)) ?? 0;
  const problems: Finding[] = read.flatMap(({ findings }) => findings);
  const sound = all.filter((each) => {
    const odd = oddities(each, at);
    problems.push(...odd);
    return odd.length === 0;
  });
  const picture = pictureOf(sound, at, options.patience);
  const visited = new Set<string>();
  const rows: DiagnosisRow[] = [];
  const tell = (each: Saved): void => {
    if (visited.has(identityOf(each.object)) || !isJudged(each.object)) return;
    const row = attempt(each, () => rowFor(each.object, picture, visited));
    if ('odd' in row) problems.push(row.odd);
    else rows.push(row);
  };
  sound.filter(({ object }) => !hasOwner(object, picture.snapshot)).forEach(tell);
  // Owners that own each other leave no first one.
  sound.forEach(tell);
  return { rows, problems };
}

interface Picture {
  readonly snapshot: Snapshot;
  readonly memory: Memory;
  readonly now: number;
}

function pictureOf(saved: readonly Saved[], now: number, patience?: Patience): Picture {
  const objects = saved.map(({ object }) => object);
  const snapshot = createSnapshot();
  for (const object of objects) snapshot.put(object);
  const memory = memoryOfSaved(objects, now);
  return { snapshot, memory: patience ? { ...memory, patience } : memory, now };
}

// A file comes from anywhere: an object that the judges stumble over is named.
function attempt<T extends object>(
  { object, file, line }: Saved,
  work: () => T,
): T | { readonly odd: Finding } {
  try {
    return work();
  } catch (error) {
    const odd = oddityOf(error, object);
    const hint = 'It is skipped. Save it with kubectl get -o yaml or -o json.';
    return { odd: { ...odd, code: 'manifest-invalid', file, line: line(), hint } };
  }
}

function oddities(each: Saved, now: number): readonly Finding[] {
  const tried = attempt(each, () => {
    const namespace: unknown = each.object.metadata.namespace ?? '';
    if (typeof namespace !== 'string') throw new TypeError('its namespace is not a string');
    return pictureOf([each], now);
  });
  return 'odd' in tried ? [tried.odd] : [];
}

function hasOwner(object: KubeObject, snapshot: Snapshot): boolean {
  return (object.metadata.ownerReferences ?? []).some(({ uid }) => snapshot.byUid(uid));
}

/** What is ready by existing has no verdict to give; nor has a ReplicaSet that only waits for an undo. */
function isJudged(object: KubeObject): boolean {
  const { spec } = object as { readonly spec?: { readonly replicas?: unknown } };
  if (kindKey(object) === 'apps/ReplicaSet' && spec?.replicas === 0) return false;
  return rowOf(object) !== undefined;
}

function rowFor(object: KubeObject, picture: Picture, visited: Set<string>): DiagnosisRow {
  const { state, words, findings } = checkedTexts(judged(object, picture, visited));
  const { namespace } = object.metadata;
  const reported = [...findings].sort(byGravity).map(shown);
  // What cannot be shown is found out here, and not when the page is written.
  for (const each of reported) recordOf(each);
  return {
    object: nameOf(object),
    ...(namespace === undefined ? {} : { namespace }),
    verdict: state,
    words,
    findings: reported,
  };
}

/** The verdict with those of what it owns, as far as its own judge has not looked at them. */
function judged(object: KubeObject, picture: Picture, visited: Set<string>): Verdict {
  visited.add(identityOf(object));
  const own = verdictOf(object, picture);
  const below = verdictsBelow(object, picture, visited);
  const findings = [...own.findings, ...below.flatMap((each) => each.findings)];
  const failed = below.some(({ state }) => state === 'failed');
  const settled = own.state === 'suspended' || (own.state === 'ready' && speaksForItself(object));
  if (failed && !settled) return { ...own, state: 'failed', findings };
  const milder = (each: LiveFinding): LiveFinding =>
    each.severity === 'fatal' && own.state !== 'failed' ? { ...each, severity: 'warning' } : each;
  return { ...own, findings: findings.map(milder) };
}

/** Its controller has looked at what it owns; a CronJob is ready as soon as it is accepted. */
function speaksForItself(object: KubeObject): boolean {
  return kindKey(object) !== 'batch/CronJob';
}

/** Its own judge looks at them already. */
function looksAt(owner: KubeObject, owned: KubeObject): boolean {
  return rowOf(owner)?.needs.some((need) => need === kindKey(owned)) ?? false;
}

/** Verdicts of what it owns; of a kind that its own judge looks at only what that owns in turn. */
function verdictsBelow(
  owner: KubeObject,
  picture: Picture,
  visited: Set<string>,
): readonly Verdict[] {
  const owned = picture.snapshot
    .childrenOf(owner.metadata.uid ?? '')
    .filter((each) => !visited.has(identityOf(each)));
  const history = kindKey(owner) === 'batch/CronJob' ? olderJobs(owned) : [];
  return owned.flatMap((each) => {
    if (visited.has(identityOf(each))) return [];
    const isSeen = looksAt(owner, each) || history.includes(each);
    if (isJudged(each) && !isSeen) return [judged(each, picture, visited)];
    visited.add(identityOf(each));
    const verdicts = verdictsBelow(each, picture, visited);
    return history.includes(each) ? [] : verdicts;
  });
}

/** Of the Jobs of a CronJob the newest tells how it goes. */
function olderJobs(jobs: readonly KubeObject[]): readonly KubeObject[] {
  const made = ({ metadata }: KubeObject): number =>
    Date.parse(metadata.creationTimestamp ?? '') || 0;
  return [...jobs].sort((a, b) => made(b) - made(a)).slice(1);
}

function verdictOf(object: KubeObject, { snapshot, memory, now }: Picture): Verdict {
  const first = judge(object, snapshot, memory, now);
  const proofs = first.findings.flatMap(({ proof }) => proof ?? []);
  if (proofs.length === 0) return first;
  const known = proofs.reduce(
    (so, proof) => putAnswer(so, proof, answerOf(proof, snapshot, now)),
    memory,
  );
  return judge(object, snapshot, known, now);
}

/** That a file lacks an object proves nothing; that it has it shows that the trouble is over. */
function answerOf({ kind, namespace, name, key }: Proof, snapshot: Snapshot, now: number): Answer {
  const group = {
    StorageClass: 'storage.k8s.io/',
    PriorityClass: 'scheduling.k8s.io/',
    RuntimeClass: 'node.k8s.io/',
  };
  const prefix = kind in group ? group[kind as keyof typeof group] : '';
  const found = snapshot.get(`${prefix}${kind}`, namespace, name);
  if (!found) return { at: now, result: 'trusted' };
  if (key === undefined) return { at: now, result: 'present' };
  const { data, binaryData } = found as { readonly data?: object; readonly binaryData?: object };
  const keys = [...Object.keys(data ?? {}), ...Object.keys(binaryData ?? {})];
  return keys.includes(key) ? { at: now, result: 'present' } : { at: now, result: 'trusted', keys };
}

function shown(live: LiveFinding): ReportedFinding {
  const { logs: _logs, proof: _proof, fatalAt: _fatalAt, cause: _cause, ...rest } = live;
  // The count is what the judge needs to decide on one look: nobody has counted.
  return { ...rest, evidence: rest.evidence.filter((line) => !/^failed pulls: /.test(line)) };
}
