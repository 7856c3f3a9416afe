// When jobs start, and what they wait for: workflows and what happens in, a log out. A small model,
// without a clock: between two happenings everything that can go on goes on.
import { type Contexts, fillText, holds, type Value } from './expressions.ts';
import { groupsOf } from './groups.ts';
import { masksOf, outputsOf, skipped } from './masks.ts';
import {
  allOf,
  before,
  contextsOf,
  jobsOf,
  type Node,
  neededBy,
  newNode,
  type Result,
} from './node.ts';
import { startFaults } from './permissions.ts';
import { reached } from './secrets.ts';
import { allRules, type Rules } from './table.ts';
import { type Concurrency, readWorkflow } from './workflow.ts';
import {
  type Event,
  environmentName,
  inputsOf,
  isStarted,
  ownerOf,
  passedOf,
  type World,
} from './world.ts';

export type Happening =
  | { readonly run: string; readonly workflow: string; readonly event: Event }
  | { readonly approve: string; readonly environment: string }
  /** A job that was `busy` ends. */
  | { readonly ends: string }
  | { readonly cancel: string };

export type End = 'success' | 'failure' | 'cancelled' | 'timed out';

export interface Options {
  /** Jobs that run until they end: their paths, `A/deploy/build`. */
  readonly busy?: readonly string[];
  /** How jobs end that do not succeed. */
  readonly ends?: Readonly<Record<string, End>>;
  /** What steps say, by the job's path: `<step>.<output>` → text. */
  readonly steps?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the steps of every job ask to be masked. */
  readonly added?: readonly string[];
  readonly rules?: Rules;
}

export interface Schedule {
  /** One line for everything that happened, in its order: `A/deploy/build starts`. */
  readonly log: readonly string[];
  /** How every run and job ended, or what was said of it last. */
  readonly states: Readonly<Record<string, string>>;
  /** What every job handed on. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Throws where a workflow is named that the world does not have. */
export function schedule(
  world: World,
  happenings: readonly Happening[],
  options: Options = {},
): Schedule {
  const model = modelOf(world, options);
  for (const each of happenings) {
    if ('run' in each) model.begin(each.run, each.workflow, each.event);
    else if ('approve' in each) model.approve(each.approve, each.environment);
    else if ('ends' in each) model.release(each.ends);
    else model.cancel(each.cancel);
    model.settle();
  }
  const nodes = model.nodes();
  return {
    log: model.log,
    states: Object.fromEntries(nodes.map(({ path, result, said }) => [path, result ?? said])),
    outputs: Object.fromEntries(nodes.map(({ path, outputs }) => [path, outputs])),
  };
}

const waiting = (environment: string) => `waits for approval of ${environment}`;

function modelOf(world: World, options: Options) {
  const { busy = [], ends = {}, steps = {}, added = [], rules = allRules } = options;
  const log: string[] = [];
  const runs: Node[] = [];
  const released = new Set<string>();
  const nodes = () => runs.flatMap(allOf);
  const groups = groupsOf<Node>(rules, stop);

  function say(node: Node, what: string): void {
    if (node.said !== what) log.push(`${node.path} ${what}`);
    node.said = what;
  }

  function end(node: Node, result: Result): void {
    if (node.state === 'ended') return;
    Object.assign(node, { state: 'ended', result });
    say(node, result);
    groups.leave(node);
  }

  /** A run, or a job with all below it. */
  function stop(node: Node): void {
    if (!node.parent) node.run.isCancelled = true;
    node.children.forEach(stop);
    end(node, 'cancelled');
  }

  function open(node: Node): void {
    for (const [id, job] of Object.entries(node.inside?.jobs ?? {})) {
      const inside = job.uses === undefined ? undefined : calledBy(job.uses);
      node.children.push(newNode({ id, job, inside, run: node.run, parent: node, inputs: {} }));
    }
  }

  function calledBy(uses: string) {
    const text = world.called[uses];
    if (text === undefined) throw new Error(`no workflow ${uses}`);
    return readWorkflow(text);
  }

  /** The groups that a node must hold: of the job, then of the workflow that it calls. */
  function groupsFor(node: Node, contexts: Contexts): readonly Concurrency[] {
    const inside = { ...contexts, inputs: node.inputs };
    const hasOwn = !node.job || rules.has('group-called');
    const all = [
      filled(node.job?.concurrency, contexts),
      filled(hasOwn ? node.inside?.concurrency : undefined, inside),
    ];
    return all.filter((each) => each !== undefined).filter(({ group }) => group !== '');
  }

  function prepare(node: Node): void {
    if (neededBy(node).some(({ state }) => state !== 'ended')) return;
    const contexts = contextsOf(node, world);
    const results = before(node).map(({ result }) => result ?? '');
    const status = { before: results, isCancelled: node.run.isCancelled };
    if (!holds(node.job?.if, contexts, status, rules.has('needs-success'))) {
      end(node, 'skipped');
      return;
    }
    if (node.job && node.inside) node.inputs = passedOf(node.job, node.inside, contexts);
    node.groups = groupsFor(node, contexts);
    node.state = 'queued';
  }

  const environmentOf = (node: Node) =>
    node.job ? environmentName(node.job, contextsOf(node, world)) : '';

  function isRefused({ job }: Node, environment: string): boolean {
    const { custom = false } = world.repository.environments[environment] ?? {};
    return custom && job?.environment?.deployment === false && rules.has('deployment-custom');
  }

  function isApproved(node: Node): boolean {
    const environment = environmentOf(node);
    const { reviewers = false } = world.repository.environments[environment] ?? {};
    const isFree = node.isApproved || !reviewers || !rules.has('approval');
    if (!isFree) say(node, waiting(environment));
    return isFree;
  }

  function hasGroups(node: Node): boolean {
    const missing = node.groups.find((group) => !groups.enter(node, group));
    if (missing && node.state !== 'ended') {
      say(node, `waits for group ${missing.group}, held by ${groups.holder(missing)?.path}`);
    }
    return missing === undefined;
  }

  function start(node: Node): void {
    if (isRefused(node, environmentOf(node))) {
      say(node, 'is refused: deployment: false with custom protection rules');
      end(node, 'failure');
      return;
    }
    const gates = rules.has('group-first') ? [hasGroups, isApproved] : [isApproved, hasGroups];
    if (!gates.every((gate) => gate(node)) || node.state === 'ended') return;
    node.state = 'running';
    say(node, 'starts');
    open(node);
  }

  function finish(node: Node): void {
    if (node.inside) {
      conclude(node);
      return;
    }
    if (busy.includes(node.path) && !released.has(node.path)) return;
    const how = ends[node.path] ?? 'success';
    node.outputs = handedOn(node);
    const timedOut = rules.has('timeout-cancelled') ? 'cancelled' : 'failure';
    end(node, how === 'timed out' ? timedOut : how);
  }

  function conclude(node: Node): void {
    if (node.children.some(({ state }) => state !== 'ended')) return;
    const texts = Object.entries(node.inside?.outputs ?? {});
    node.outputs = Object.fromEntries(
      texts.map(([name, text]) => [name, fillText(text, jobsOf(node))]),
    );
    const results = node.children.map(({ result }) => result);
    const order = ['failure', 'cancelled', 'success'] as const;
    end(node, order.find((each) => results.includes(each)) ?? 'skipped');
  }

  /** A job's outputs, without those that the runner drops. */
  function handedOn(node: Node): Readonly<Record<string, string>> {
    const { job, parent, path, run } = node;
    if (!job) return {};
    const call = parent?.job?.uses === undefined ? undefined : parent.job;
    const { secrets } = reached(
      {
        ...{ repository: world.repository, event: run.event, environment: environmentOf(node) },
        ...(call && {
          call: { owner: ownerOf(call.uses ?? '', world.repository.owner), secrets: call.secrets },
        }),
      },
      rules,
    );
    const contexts = { ...contextsOf(node, world), steps: stepsOf(steps[path] ?? {}) };
    const all = Object.entries(job.outputs).map(([name, text]) => [name, fillText(text, contexts)]);
    const masks = masksOf(Object.values(secrets), added, rules);
    const { kept, dropped } = outputsOf(Object.fromEntries(all), masks, rules);
    log.push(...dropped.map((name) => `${path}: ${skipped(name)}`));
    return kept;
  }

  const turns = { new: prepare, queued: start, running: finish, ended: () => undefined } as const;

  return {
    log,
    nodes,
    begin: (name: string, file: string, event: Event): void => {
      const text = world.own[file];
      if (text === undefined) throw new Error(`no workflow ${file}`);
      const workflow = readWorkflow(text);
      if (rules.has('trigger') && !isStarted(workflow, event)) {
        log.push(`${name} is not started`);
        return;
      }
      const run = { name, event, workflow, isCancelled: false };
      const inputs = inputsOf(event, workflow);
      const fixed = { id: name, run, parent: undefined, job: undefined, inside: workflow, inputs };
      const node = newNode(fixed);
      runs.push(node);
      const faults = startFaults(world, workflow, rules);
      log.push(...faults.map((fault) => `${name}: ${fault}`));
      if (faults.length > 0) end(node, 'failure');
    },
    /** All jobs of the run that wait for it now; one that comes later asks again. */
    approve: (run: string, environment: string): void => {
      const all = nodes().filter((node) => node.run.name === run);
      const those = all.filter(({ said }) => said === waiting(environment));
      if (those.length === 0) log.push(`${run} has nothing to approve for ${environment}`);
      for (const node of those) node.isApproved = true;
    },
    release: (path: string): void => void released.add(path),
    cancel: (name: string): void => runs.filter(({ id }) => id === name).forEach(stop),
    /** Who came first moves first, as long as anybody can. */
    settle: (): void => {
      const moves = (node: Node) => {
        const last = `${node.state} ${node.said}`;
        turns[node.state](node);
        return last !== `${node.state} ${node.said}`;
      };
      while (nodes().some(moves));
    },
  };
}

function filled(concurrency: Concurrency | undefined, contexts: Contexts): Concurrency | undefined {
  if (!concurrency) return undefined;
  const { group, cancel, queue } = concurrency;
  return { group: fillText(group, contexts), cancel: fillText(cancel, contexts), queue };
}

/** `build.digests` → `steps.build.outputs.digests`. */
function stepsOf(said: Readonly<Record<string, string>>): Value {
  const ids = [...new Set(Object.keys(said).map((key) => key.split('.')[0] ?? ''))];
  return Object.fromEntries(
    ids.map((id) => {
      const own = Object.entries(said).filter(([key]) => key.startsWith(`${id}.`));
      const outputs = own.map(([key, text]) => [key.slice(id.length + 1), text]);
      return [id, { outputs: Object.fromEntries(outputs) }];
    }),
  );
}
