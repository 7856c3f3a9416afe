// Annotations that users set on their objects, checked before anything is sent.

import { type Finding, finding } from '../core/errors.ts';
import { clip, oneLine } from '../core/text.ts';
import { patienceKey, patiences } from '../kube/annotations.ts';
import { type Document, placeOf, subjectOf } from '../kube/document.ts';
import { kindKey } from '../kube/objects.ts';
import { readRule, ruleKeys } from '../kube/rules/rule.ts';

const hint =
  "Write CEL such as status.phase == 'Ready', or JSONPath such as {.status.phase}=Ready.";

/** `manifest-invalid` with file and line for each rule that cannot be read. */
export function ruleFindings(documents: readonly Document[]): readonly Finding[] {
  return documents.flatMap((document) =>
    ruleKeys.flatMap((key) => {
      const written = document.object.metadata.annotations?.[key];
      if (written === undefined) return [];
      // The API treats null as an empty text.
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

/** `manifest-invalid`, with file and line, for every unknown value. */
export function patienceFindings(documents: readonly Document[]): readonly Finding[] {
  return documents.flatMap((document) => {
    const asked = document.object.metadata.annotations?.[patienceKey];
    if (asked === undefined || patiences.some((each) => each === asked)) return [];
    const subject = subjectOf(document.object);
    const value = clip(oneLine(String(asked)), 80);
    return finding('manifest-invalid', `${subject.object}: ${patienceKey} is "${value}".`, {
      ...subject,
      ...placeOf(document, ['metadata', 'annotations', patienceKey]),
      hint: `Write ${patiences.join(', ')}.`,
    });
  });
}
