// The form in which `init` writes the workflows, their branches, and their pin; with the reasons.
import { type Finding, finding } from '../../core/errors.ts';
import { project } from '../../core/version.ts';
import { usual } from './workflows/form.ts';
import type { WorkflowChoice } from './workflows.ts';

export interface WorkflowWishes {
  /** Callers, whoever owns the repository. */
  readonly reusable?: boolean;
  /** Pin to a commit instead of the moving tag: the given one, or the program's own. */
  readonly pin?: { readonly commit?: string };
  /** The build's own environment: if the deploy's has reviewers, they would be asked twice. */
  readonly buildEnvironment?: string;
}

/** What git and npm know on this machine. */
export interface GitFacts {
  /** Of `origin`, where it is on github.com. */
  readonly owner?: string;
  readonly defaultBranch?: string;
  /** The commit of the project that this program was built from. */
  readonly commit?: string;
}

type Chosen =
  | { readonly choice: WorkflowChoice; readonly notes: readonly string[] }
  | { readonly findings: readonly Finding[] };

/** A branch name is used in a filter, where some characters are special, and in expressions. */
const plainBranch = /^[A-Za-z0-9](?:[\w./-]{0,98}\w)?$/;

/** GitHub allows more; these need no quoting in a command or in YAML. */
const plainEnvironment = /^[A-Za-z0-9][\w.-]{0,99}$/;

export function chooseWorkflows(wishes: WorkflowWishes, git: GitFacts): Chosen {
  const { reusable, pin, buildEnvironment } = wishes;
  const { form, note } = chooseForm(reusable === true, git.owner);
  const { branches, note: pushes } = chooseBranches(git.defaultBranch);
  const commit = pin && (pin.commit ?? git.commit);
  const findings = [
    ...(pin && !/^[0-9a-f]{40}$/.test(commit ?? '') ? [noCommit(pin)] : []),
    ...(plainEnvironment.test(buildEnvironment ?? 'build') ? [] : [noEnvironment]),
  ];
  if (findings.length > 0) return { findings };
  const choice = {
    ...{ form, branches },
    ...(commit === undefined ? {} : { commit }),
    ...(buildEnvironment ? { settings: { 'build-environment': buildEnvironment } } : {}),
  };
  const whose = pin?.commit ? '' : ', the commit of this program';
  const pinned = commit === undefined ? [] : [`webgen-deploy is pinned to ${commit}${whose}.`];
  return { choice, notes: [note, pushes, ...pinned] };
}

const noEnvironment = finding(
  'input-invalid',
  '--build-environment is not a valid name for an environment.',
  {
    hint: 'Letters, digits, dots, dashes and underscores: --build-environment=build.',
  },
);

/** GitHub passes secrets of an environment only to called workflows of the same owner. */
function chooseForm(isWanted: boolean, owner: string | undefined) {
  const [own = ''] = project.split('/');
  const why = 'GitHub hands secrets of an environment only to workflows of the same owner';
  if (isWanted) {
    const isOther = owner?.toLowerCase() !== own.toLowerCase();
    const where =
      owner === undefined ? 'the repository has no origin on GitHub yet' : `this one is ${owner}'s`;
    const condition = isOther ? ` ${why}, ${own}, and ${where}.` : '';
    return {
      form: 'reusable',
      note: `Callers of the reusable workflows, by --reusable.${condition}`,
    } as const;
  }
  if (owner !== undefined && owner.toLowerCase() === own.toLowerCase()) {
    const note = `Callers of the reusable workflows: the repository is ${owner}'s, as they are.`;
    return { form: 'reusable', note } as const;
  }
  const note = `Ordinary jobs: ${why}, and the reusable ones are ${own}'s; --reusable writes callers.`;
  return { form: 'ordinary', note } as const;
}

function chooseBranches(found: string | undefined) {
  const { production, staging } = usual;
  const says = (branch: string) => `Pushes to ${branch} go to production, to ${staging} to staging`;
  if (found === undefined) {
    return { branches: usual, note: `${says(production)}: git does not know the default branch.` };
  }
  // Where everything is merged into develop, main is what is released.
  if (found === staging) return { branches: usual, note: `${says(production)}.` };
  if (!plainBranch.test(found)) {
    return {
      branches: usual,
      note: `${says(production)}: the default branch has an unusual name.`,
    };
  }
  return { branches: { production: found, staging }, note: `${says(found)}.` };
}

function noCommit({ commit }: NonNullable<WorkflowWishes['pin']>): Finding {
  const what =
    commit === undefined
      ? 'The commit that this webgen-deploy was built from is unknown.'
      : '--pin is not a commit: 40 hexadecimal digits, in lower case.';
  const hint = `Give the commit of a release: --pin=COMMIT, from gh api repos/${project}/commits/v1 --jq .sha`;
  return finding('input-invalid', what, { hint });
}
