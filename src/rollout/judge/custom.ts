// Rules that users write on their own objects: when they are ready, and when they have failed.
import { plain } from '../../core/plain-text.ts';
import { type KubeObject, kindKey } from '../../kube/objects.ts';
import { failedKey, type Rule, readRule, readyKey, ruleKeys } from '../../kube/rules/rule.ts';
import { conditionsOf } from '../../kube/typed.ts';
import { isOfThisRelease } from '../facts/freshness.ts';
import type { JudgeContext } from '../facts/judge-context.ts';
import type { Diagnosis } from '../facts/verdict.ts';
import { type Verdict, verdictOf } from '../facts/verdict.ts';
import { findingOf } from './symptoms/diagnose.ts';

/** Secrets are never watched for a rule: its message would show their values. */
export function hasRules(object: KubeObject): boolean {
  const { annotations } = object.metadata;
  return kindKey(object) !== 'Secret' && ruleKeys.some((key) => annotations?.[key] !== undefined);
}

/**
 * The object with its own rules replaced by those of another: whoever may write an object in the
 * cluster must not decide when it is ready. `undefined`: no rules.
 */
export function withRulesOf(source: KubeObject | undefined, object: KubeObject): KubeObject {
  if (!hasRules(object) && (source === undefined || !hasRules(source))) return object;
  const all = Object.entries(object.metadata.annotations ?? {});
  const others = all.filter(([key]) => !isRuleKey(key));
  const rules = Object.entries(source?.metadata.annotations ?? {}).filter(([key]) =>
    isRuleKey(key),
  );
  const annotations = Object.fromEntries([...others, ...rules]);
  return { ...object, metadata: { ...object.metadata, annotations } };
}

const isRuleKey = (key: string): boolean => ruleKeys.some((each) => each === key);

function ruleOf(object: KubeObject, key: string): Rule | undefined {
  const written = object.metadata.annotations?.[key];
  if (typeof written !== 'string') return undefined;
  const read = readRule(written);
  // An invalid rule is rejected before anything is sent; in a recorded release it is ignored.
  return 'rule' in read ? read.rule : undefined;
}

/** An object as it is judged, and as it is in the cluster now. */
export interface Ruled {
  /** Its rules apply, not those of `live`. */
  readonly object: KubeObject;
  readonly live: KubeObject;
}

/** The user's rules win: `failed` over everything, `ready` over the verdict of the kind's own judge. */
export function withRules({ object, live }: Ruled, context: JudgeContext, own: Verdict): Verdict {
  if (!hasRules(object)) return own;
  const failed = ruleOf(object, failedKey);
  const ready = ruleOf(object, readyKey);
  if (!failed && !ready) return own;
  if (!isOfThisRelease(live, context)) {
    return own.state === 'ready' ? verdictOf('waiting', 'its status may be outdated') : own;
  }
  if (failed?.check(live).holds) return failedVerdict(live, failed, { own, context });
  if (!ready) return own;
  const { holds, seen } = ready.check(live);
  if (holds) {
    const findings = own.findings.filter(({ severity }) => severity !== 'fatal');
    return verdictOf('ready', `${readyKey} holds`, { findings, progress: own.progress });
  }
  const words = `${readyKey} does not hold: ${ready.text}${seen === '' ? '' : ` ${seen}`}`;
  const settled = own.state === 'failed' || own.state === 'suspended';
  return settled ? own : { ...own, state: 'waiting', words: plain(words, 400) };
}

interface Around {
  readonly own: Verdict;
  readonly context: JudgeContext;
}

function failedVerdict(live: KubeObject, rule: Rule, { own, context }: Around): Verdict {
  const reasons = conditionsOf(live)
    .filter(({ message }) => message)
    .slice(0, 5)
    .map((each) => plain(`${each.type}=${each.status}: ${each.reason ?? ''} ${each.message}`, 300));
  const sign: Diagnosis = {
    code: 'rollout-failed',
    certain: true,
    what: `its rule ${failedKey} holds`,
    evidence: [rule.text, ...reasons],
    hint: 'Correct what its status names.',
  };
  const finding = findingOf(live, sign, context.patience);
  const others = own.findings.filter(({ cause }) => cause !== finding.cause);
  return verdictOf('waiting', `${failedKey} holds`, {
    progress: own.progress,
    findings: [finding, ...others],
  });
}
