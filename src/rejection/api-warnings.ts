// What the API server warns of, as findings at the field that it names.
import { type Finding, finding } from '../core/errors.ts';
import { plain } from '../core/plain-text.ts';
import { type Document, placeOf, secretsInput, subjectOf } from '../kube/document.ts';
import { pathOfField } from '../kube/field-path.ts';
import { valueAt } from '../kube/json.ts';

/** An object has a few; a webhook may send any number. */
const most = 20;

/** `spec.template.spec.containers[0].resources.limits[memory]: fractional byte value …` */
const withField = /^([a-zA-Z][\w-]*(?:\.[\w-]+|\[[^\]]{1,200}\])+)(?::| is | in )/;

/** The texts of the `Warning` headers of one object's dry run: each once, at most 20. Pure. */
export function warningFindings(texts: readonly string[], document: Document): readonly Finding[] {
  const subject = subjectOf(document.object);
  const isWritten = document.file !== '' && document.file !== secretsInput;
  return texts.slice(0, most).map((text) => {
    const said = plain(text, 600);
    const field = withField.exec(text)?.[1];
    const path = field === undefined ? [] : pathOfField(document.object, field);
    const place = isWritten ? placeOf(document, path) : {};
    return finding('api-warning', `${subject.object}: the cluster warns: ${said}`, {
      severity: 'warning',
      ...subject,
      ...place,
      hint: hintOf(text, valueAt(document.object, path)),
    });
  });
}

function hintOf(text: string, value: unknown): string {
  if (/fractional byte value/.test(text)) {
    const written = typeof value === 'string' ? plain(value, 40) : 'it';
    const meant = /^(\d+)m$/.exec(String(value))?.[1];
    return meant === undefined
      ? `${written} is less than a whole byte: write Ki, Mi or Gi.`
      : `${written} is a fraction of a byte: write ${meant}Mi if mebibytes are meant.`;
  }
  const use = /\buse ([\w./]+ \w+)/.exec(text)?.[1];
  if (/deprecated/.test(text)) {
    return use
      ? `Write ${use} instead; kubectl convert, or the guide of the kind, says what differs.`
      : 'Replace the field before the cluster is upgraded.';
  }
  if (/would violate PodSecurity/.test(text)) {
    return 'Set the fields that it names in securityContext: a namespace that enforces this level refuses the pods.';
  }
  return 'Correct the field that it names, or leave it as it is: the object is accepted.';
}
