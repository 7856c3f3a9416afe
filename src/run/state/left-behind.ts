// What a run that ended early, at any moment, leaves in the cluster.
import { type KubeObject, nameOf } from '../../kube/objects.ts';
import type { State } from './state.ts';

/** What has to be known of a run to report what it leaves behind. */
export type Seen = Pick<State, 'changes' | 'left' | 'uncertain' | 'phase' | 'undone'> & {
  readonly writing: ReadonlySet<KubeObject>;
  readonly undoing: ReadonlySet<KubeObject>;
};

/** For a run that ended early, at any moment: what was and was not written to the cluster. */
export function whatIsLeft(state: Seen): readonly string[] {
  const { changes, left, phase, undoing } = state;
  const uncertain = [...state.uncertain, ...[...state.writing].map(nameOf)];
  const written = changes.filter(({ change }) => change !== 'unchanged');
  const reached = phase ? [`Stopped in the phase ${phase}.`] : [];
  if (written.length === 0 && uncertain.length === 0) {
    return [...reached, 'Nothing was changed in the cluster.'];
  }
  const list = (title: string, names: readonly string[]) =>
    names.length > 0 ? [`${title}: ${names.join(', ')}.`] : [];
  return [
    ...reached,
    ...list(
      'Applied',
      written.map(({ object }) => object),
    ),
    ...list('May have been applied', uncertain),
    ...list(
      'Not applied',
      left.filter((name) => !uncertain.includes(name)),
    ),
    ...list('May have been put back', [...undoing].map(nameOf)),
  ];
}

/** What of a run that ended early is in the cluster, and what an undo has done about it. */
export function leftBehind(state: Seen): readonly string[] {
  const undone = state.undone?.objects ?? [];
  const words = undone.map(({ object, did, why }) => `${object}: ${did}${why ? `, ${why}` : ''}`);
  return [...whatIsLeft(state), ...words];
}
