// An object's own patience, checked before anything is sent: a misspelt one would be no patience.
import { type Finding, finding } from '../errors.ts';
import { patienceKey, patiences } from '../rollout/patience.ts';
import { clip, oneLine } from '../text.ts';
import { type Document, placeOf, subjectOf } from './document.ts';

/** `manifest-invalid`, with file and line, for every value that is no choice. */
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
