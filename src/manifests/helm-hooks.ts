// Helm's hooks in rendered manifests: Helm runs them at moments that a deploy does not have.
import { type Finding, finding } from '../core/errors.ts';
import { plain } from '../core/plain-text.ts';
import { type Document, placeOf, subjectOf } from '../kube/document.ts';

const key = 'helm.sh/hook';

/** https://helm.sh/docs/topics/charts_hooks: none of these is part of an install or an upgrade. */
const neverApplied: ReadonlySet<string> = new Set([
  'test',
  'test-success',
  'test-failure',
  'pre-delete',
  'post-delete',
  'pre-rollback',
  'post-rollback',
]);

/** What Helm makes at an upgrade, and the phase that comes nearest. */
const phases: Readonly<Record<string, string>> = {
  'pre-install': 'pre-deploy',
  'pre-upgrade': 'pre-deploy',
  'post-install': 'post-deploy',
  'post-upgrade': 'post-deploy',
};

interface Kept {
  readonly documents: readonly Document[];
  readonly findings: readonly Finding[];
}

/**
 * Objects that only a test, a deletion or a rollback of Helm would make are left out; hooks of an install or
 * upgrade stay, since Helm would make them too. Both are said. Pure.
 */
export function withoutHelmHooks(documents: readonly Document[]): Kept {
  const read = documents.map((document) => ({ document, hooks: hooksOf(document) }));
  return {
    documents: read.flatMap(({ document, hooks }) => (isLeftOut(hooks) ? [] : [document])),
    findings: read.flatMap(({ document, hooks }) =>
      hooks.length === 0 ? [] : [told(document, hooks)],
    ),
  };
}

function hooksOf({ object }: Document): readonly string[] {
  const value: unknown = object.metadata.annotations?.[key];
  if (typeof value !== 'string') return [];
  return value.split(',').flatMap((hook) => hook.trim() || []);
}

const isLeftOut = (hooks: readonly string[]): boolean =>
  hooks.length > 0 && hooks.every((hook) => neverApplied.has(hook));

function told(document: Document, hooks: readonly string[]): Finding {
  const subject = subjectOf(document.object);
  const names = plain(hooks.join(', '), 200);
  const phase = hooks.flatMap((hook) => phases[hook] ?? [])[0];
  const place = placeOf(document, ['metadata', 'annotations', key]);
  const rendered = 'Render the chart with helm template --no-hooks';
  if (isLeftOut(hooks)) {
    return finding(
      'helm-hook',
      `${subject.object} is a Helm hook (${names}), and is not applied.`,
      {
        severity: 'warning',
        ...subject,
        ...place,
        hint: `${rendered} to leave it out, or remove the annotation ${key} if a deploy is to make it.`,
      },
    );
  }
  const what = `${subject.object} is a Helm hook (${names}), and is applied like every other object.`;
  return finding('helm-hook', what, {
    severity: 'warning',
    ...subject,
    ...place,
    hint: phase
      ? `${rendered}, or say when it is to run: webgen-deploy/phase: ${phase} in its annotations.`
      : `${rendered}, or remove the annotation ${key}.`,
  });
}
