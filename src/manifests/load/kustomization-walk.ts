// Checks a kustomization and every local file that it refers to, before kubectl is started.
import { join } from 'node:path';
import { type Finding, finding } from '../../core/errors.ts';
import type { Files } from '../../core/ports.ts';
import { clip, oneLine } from '../../core/text.ts';
import { isFields } from '../../kube/json.ts';
import { traceFrom } from '../parse/lines.ts';
import { readTrees, type Tree } from '../parse/yaml-text.ts';
import { referencesOf } from './kustomization-fields.ts';
import {
  addressObjections,
  mayBeRemote,
  missingObjection,
  type Objection,
  pluginObjection,
  programObjections,
  remoteObjection,
  untrustedObjections,
} from './kustomization-rules.ts';
import { kustomizationIn, outsideFinding, type Places } from './places.ts';

export interface Walk {
  readonly files: Files;
  readonly places: Places;
  readonly untrusted: boolean;
}

/** A local file that may be the origin of output objects. */
export interface LocalFile {
  readonly text: string;
  readonly shown: string;
  readonly role: 'resource' | 'patch';
}

/** A parsed kustomization file. */
export interface Kustomization {
  readonly tree: Tree;
  readonly shown: string;
}

/** A reference to a missing file, and where it is written. */
export interface Missing {
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

export interface Walked {
  readonly kustomizations: readonly Kustomization[];
  readonly missing: readonly Missing[];
  readonly locals: readonly LocalFile[];
  readonly findings: readonly Finding[];
}

interface State extends Walk {
  readonly seen: Set<string>;
  readonly kustomizations: Kustomization[];
  readonly missing: Missing[];
  readonly locals: LocalFile[];
  readonly findings: Finding[];
}

/** Returns every problem as a finding; with a fatal one, kubectl must not be started. */
export async function walkKustomization(folder: string, walk: Walk): Promise<Walked> {
  const found = { kustomizations: [], missing: [], locals: [], findings: [] };
  const state: State = { ...walk, seen: new Set(), ...found };
  await visitFolder(folder, state);
  return state;
}

async function visitFolder(folder: string, state: State): Promise<void> {
  const path = await kustomizationIn(state.files, folder);
  if (path === undefined || state.seen.has(path)) return;
  state.seen.add(path);
  const found = await state.places.find(path);
  const shown = state.places.show(path);
  if (!found || !state.places.mayRead(found)) {
    state.findings.push(outsideFinding(shown));
    return;
  }
  const { trees, findings } = readTrees(await state.files.read(found.real), shown);
  state.findings.push(...findings);
  for (const tree of trees) await visitTree({ tree, shown, folder }, state);
}

interface Visit extends Kustomization {
  readonly folder: string;
}

async function visitTree(visit: Visit, state: State): Promise<void> {
  const { tree, shown } = visit;
  state.kustomizations.push({ tree, shown });
  const objections = [
    ...programObjections(tree.value),
    ...(state.untrusted ? untrustedObjections(tree.value) : []),
  ];
  state.findings.push(...objections.map((each) => refused(each, visit)));
  for (const reference of referencesOf(tree.value)) await follow(reference, visit, state);
}

function refused(objection: Objection, { tree, shown }: Kustomization): Finding {
  const what = `The kustomization ${clip(oneLine(objection.what), 300)}.`;
  const { line } = traceFrom(tree, tree.root, objection.path);
  return finding('manifest-invalid', what, { file: shown, line, hint: objection.hint });
}

type Reference = ReturnType<typeof referencesOf>[number];

async function follow(reference: Reference, visit: Visit, state: State): Promise<void> {
  const { text, path, as } = reference;
  if (text.includes('\n')) {
    if (as === 'plugin') checkPlugins(readTrees(text, visit.shown).trees, visit, { state, path });
    return;
  }
  const remote = mayBeRemote(text);
  if (remote && !state.untrusted) return;
  const found = remote ? undefined : await state.places.find(join(visit.folder, text));
  if (!found) {
    // kustomize may read a missing path as something else; it reports a harmless one itself.
    const known = addressObjections(text).length > 0;
    const objection = remote ? remoteObjection(text, path) : missingObjection(text, path);
    if (state.untrusted && !known) state.findings.push(refused(objection, visit));
    const { line } = traceFrom(visit.tree, visit.tree.root, path);
    state.missing.push({ text, file: visit.shown, line });
    return;
  }
  if (!state.places.mayRead(found)) {
    state.findings.push(outsideFinding(state.places.show(found.path)));
  } else if (found.kind === 'folder') await visitFolder(found.path, state);
  else if (as !== 'other') await readLocal(found.real, { reference, visit, state });
}

interface Reading {
  readonly reference: Reference;
  readonly visit: Visit;
  readonly state: State;
}

async function readLocal(real: string, { reference, visit, state }: Reading): Promise<void> {
  const shown = state.places.show(join(visit.folder, reference.text));
  if (state.seen.has(real)) return;
  state.seen.add(real);
  const text = await state.files.read(real);
  const { trees, findings } = readTrees(text, shown);
  state.findings.push(...findings);
  if (reference.as === 'plugin') {
    for (const tree of trees) checkPlugins([tree], { tree, shown }, { state, path: [] });
  } else if (reference.as !== 'other') state.locals.push({ text, shown, role: reference.as });
}

interface PluginPlace {
  readonly state: State;
  readonly path: Objection['path'];
}

function checkPlugins(trees: readonly Tree[], at: Kustomization, { state, path }: PluginPlace) {
  for (const { value } of trees) {
    const what = pluginObjection(value);
    const hint = 'Use a built-in transformer, or run the program in an earlier step.';
    const kind = isFields(value) ? String(value['kind']) : '';
    if (what) state.findings.push(refused({ path, what: `has ${kind}, which ${what}`, hint }, at));
    const fetched = state.untrusted ? addressObjections(value) : [];
    state.findings.push(...fetched.map((each) => refused({ ...each, path }, at)));
  }
}
