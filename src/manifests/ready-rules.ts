// Rules that users write on their objects, checked before anything is sent.
import { kindKey } from '../cluster/objects.ts';
import { type Finding, finding } from '../errors.ts';
import { readRule, ruleKeys } from '../rollout/rules/rule.ts';
import { type Document, placeOf, subjectOf } from './document.ts';

const hint =
  "Write CEL such as status.phase == 'Ready', or JSONPath such as {.status.phase}=Ready.";

/** `manifest-invalid` with file and line for each rule that cannot be read. */
export function ruleFindings(documents: readonly Document[]): readonly Finding[] {
  return documents.flatMap((document) =>
    ruleKeys.flatMap((key) => {
      const written = document.object.metadata.annotations?.[key];
      if (written === undefined) return [];
      // The API takes null for an empty text.
      const problem = problemOf(document, written ?? '');
      return problem === undefined ? [] : [wrongRule(document, key, problem)];
    }),
  );
}

function problemOf({ object }: Document, written: string): string | undefined {
  if (kindKey(object) === 'Secret') return 'is on a Secret, and Secrets are not read for rules';
  const read = readRule(written);
  return 'problem' in read ? read.problem : undefined;
}

function wrongRule(document: Document, key: string, problem: string): Finding {
  const subject = subjectOf(document.object);
  return finding('manifest-invalid', `${subject.object}: ${key} ${problem}.`, {
    ...subject,
    ...placeOf(document, ['metadata', 'annotations', key]),
    hint,
  });
}
