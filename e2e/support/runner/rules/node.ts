// A run and its jobs as a tree: a job that calls a workflow has that workflow's jobs below it.
import type { Contexts, Value } from './expressions.ts';
import type { Concurrency, Job, Workflow } from './workflow.ts';
import { type Event, githubOf, type World } from './world.ts';

export type Result = 'success' | 'failure' | 'cancelled' | 'skipped';

export interface Run {
  readonly name: string;
  readonly event: Event;
  readonly workflow: Workflow;
  isCancelled: boolean;
}

export interface Node {
  /** `A/deploy/build`: run, job, job of the called workflow. */
  readonly path: string;
  readonly id: string;
  readonly run: Run;
  readonly parent: Node | undefined;
  /** Undefined: the run itself. */
  readonly job: Job | undefined;
  /** Whose jobs are below it, with their inputs once they are known. */
  readonly inside: Workflow | undefined;
  inputs: Contexts;
  readonly children: Node[];
  state: 'new' | 'queued' | 'running' | 'ended';
  result: Result | undefined;
  outputs: Readonly<Record<string, string>>;
  /** What it must hold, in this order. */
  groups: readonly Concurrency[];
  isApproved: boolean;
  /** What was said of it last. */
  said: string;
}

type Fixed = 'id' | 'run' | 'parent' | 'job' | 'inside' | 'inputs';

export function newNode(fixed: Pick<Node, Fixed>): Node {
  const path = fixed.parent ? `${fixed.parent.path}/${fixed.id}` : fixed.id;
  return {
    ...fixed,
    ...{ path, children: [], state: 'new', result: undefined, outputs: {}, groups: [] },
    ...{ isApproved: false, said: '' },
  };
}

/** Itself first. */
export function allOf(node: Node): readonly Node[] {
  return [node, ...node.children.flatMap(allOf)];
}

export function neededBy({ job, parent }: Node): readonly Node[] {
  return (parent?.children ?? []).filter(({ id }) => job?.needs.includes(id));
}

/** All jobs before it, not only those that it names. */
export function before(node: Node): readonly Node[] {
  return [...new Set(neededBy(node).flatMap((each) => [each, ...before(each)]))];
}

const handed = (nodes: readonly Node[]): Value =>
  Object.fromEntries(
    nodes.map(({ id, result, outputs }) => [id, { result: result ?? '', outputs }]),
  );

/** What a job's own keys see: `if`, `environment`, `concurrency`, `with`. */
export function contextsOf(node: Node, { repository }: World): Contexts {
  const { run, parent } = node;
  return {
    github: githubOf(repository, run.event, run.workflow.name, run.name),
    inputs: parent?.inputs ?? {},
    needs: handed(neededBy(node)),
    vars: repository.variables ?? {},
  };
}

/** What the outputs of a call see. */
export const jobsOf = ({ children, inputs }: Node): Contexts => ({
  jobs: handed(children),
  inputs,
});
