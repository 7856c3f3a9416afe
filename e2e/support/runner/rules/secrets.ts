// Which secrets and variables reach a job. Pure.
import { fillText } from './expressions.ts';
import { allRules, type Rules } from './table.ts';
import type { Job } from './workflow.ts';
import type { Event, Repository } from './world.ts';

type Texts = Readonly<Record<string, string>>;

export interface Asked {
  readonly repository: Repository;
  readonly event: Event;
  /** What the job names; empty: none. */
  readonly environment: string;
  /** Of a called job: by whom it is called, and whose workflow it is in. */
  readonly call?: { readonly owner: string; readonly secrets: Job['secrets'] };
  /** A job that calls a workflow. */
  readonly isCaller?: boolean;
}

export interface Reached {
  readonly secrets: Texts;
  readonly variables: Texts;
}

export function reached(asked: Asked, rules: Rules = allRules): Reached {
  const { repository, environment, event } = asked;
  const around = repository.environments[environment] ?? {};
  const hasEnvironment = !asked.isCaller || !rules.has('caller-environment');
  const variables = {
    ...repository.variables,
    ...(hasEnvironment && rules.has('variable-environment') ? around.variables : {}),
  };
  const isStranger = event.from !== undefined && rules.has('secret-strangers');
  if (isStranger) return { secrets: {}, variables };
  return { secrets: secretsOf(asked, rules), variables };
}

function secretsOf(asked: Asked, rules: Rules): Texts {
  const { repository, environment, call } = asked;
  const around = repository.environments[environment]?.secrets ?? {};
  const own = repository.secrets ?? {};
  if (!call) return { ...own, ...(rules.has('secret-environment') ? around : {}) };
  const isOurs = call.owner.toLowerCase() === repository.owner.toLowerCase();
  const inside = isOurs ? rules.has('secret-called') : !rules.has('secret-owner');
  const all = { ...own, ...(inside ? around : {}) };
  if (!rules.has('secret-named')) return all;
  if (call.secrets === 'inherit') return isOurs || !rules.has('inherit-owner') ? all : {};
  const passed = Object.entries(call.secrets).map(([name, expression]) => {
    const given = fillText(expression, { secrets: own });
    return [name, inside ? (around[name] ?? given) : given];
  });
  return Object.fromEntries(passed.filter(([, value]) => value !== ''));
}
