import { describe, expect, test } from '@jest/globals';
import { differences } from '../../src/kube/compare.ts';
import { withMarks } from '../../src/kube/home.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { sentObject } from '../../src/kube/sent-object.ts';
import { whyUnproven } from '../../src/releases/proof.ts';
import { recorded } from '../../src/releases/record.ts';

const home = 'web/shop';
const repository = 'github.com/1';
const template = { metadata: { annotations: { mine: 'x' } }, spec: { containers: [] } };
const written = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'web' },
  spec: { template },
} as KubeObject;

const annotated = (annotations: Readonly<Record<string, string>>, more: object = {}) =>
  ({ ...written, metadata: { ...written.metadata, annotations, ...more } }) as KubeObject;

const sent = (object: KubeObject, live?: KubeObject, marks: object = { home, repository }) =>
  sentObject(object, { live, autoscaled: false, app: 'shop', ...marks }).metadata.annotations;

const owner = (manager: string, key: string) => ({
  manager,
  operation: 'Apply',
  fieldsV1: { 'f:metadata': { 'f:annotations': { [`f:${key}`]: {} } } },
});

describe('the marks of what a deploy writes', () => {
  test('stand on the object itself, and never on its pods', () => {
    const object = sentObject(written, {
      live: undefined,
      autoscaled: false,
      app: 'shop',
      home,
      repository,
    });
    expect(object.metadata.annotations).toEqual({
      'webgen-deploy/home': home,
      'webgen-deploy/repository': repository,
    });
    expect(object['spec']).toEqual({ template });
  });

  test('are what the run says, whatever a manifest says', () => {
    const copied = annotated({ 'webgen-deploy/home': 'kube-system/x', mine: 'y' });
    expect(sent(copied)).toEqual({
      'webgen-deploy/home': home,
      'webgen-deploy/repository': repository,
      mine: 'y',
    });
    expect(sent(copied, undefined, {})).toEqual({ mine: 'y' });
  });

  test('a terminal keeps the maker that is there', () => {
    const live = annotated({ 'webgen-deploy/repository': 'github.com/2' });
    expect(sent(written, live, { home })).toEqual({
      'webgen-deploy/home': home,
      'webgen-deploy/repository': 'github.com/2',
    });
  });

  test('are left to another application that owns them', () => {
    const managedFields = [owner('webgen-deploy/other', 'webgen-deploy/home')];
    const live = annotated({ 'webgen-deploy/home': 'web/other' }, { managedFields });
    expect(sent(written, live)).toEqual({ 'webgen-deploy/repository': repository });
    const ours = [owner('webgen-deploy/shop', 'webgen-deploy/home')];
    expect(sent(written, annotated({}, { managedFields: ours }))).toMatchObject({
      'webgen-deploy/home': home,
    });
  });

  test('are no difference that anybody is shown, and are not recorded', () => {
    const marked = withMarks(written, { home, repository }, { live: undefined, manager: 'm' });
    expect(differences(written, marked)).toEqual([]);
    expect(recorded(marked)).toEqual(written);
  });
});

describe('the proof that a live object is the application’s', () => {
  const at = { app: 'shop', namespace: 'web' };
  const managedFields = [{ manager: 'webgen-deploy/shop', operation: 'Apply' }];
  const live = annotated({ 'webgen-deploy/home': home }, { uid: 'u', managedFields });

  test('takes our manager, that home and the recorded uid, all of them', () => {
    const other = annotated(
      { 'webgen-deploy/home': 'kube-system/shop' },
      { uid: 'u', managedFields },
    );
    const none = annotated({}, { uid: 'u', managedFields });
    const theirs = annotated({ 'webgen-deploy/home': home }, { uid: 'u', managedFields: [] });
    const going = { ...live, metadata: { ...live.metadata, deletionTimestamp: 'now' } };
    expect(whyUnproven(live, at, ['old', 'u'])).toBeUndefined();
    expect(whyUnproven(live, at, ['old'])).toBe('its uid is not the recorded one');
    expect(whyUnproven(live, at, [])).toBe('its uid is not recorded');
    expect(whyUnproven(undefined, at, ['u'])).toBe('it is not there');
    expect(whyUnproven(other, at, ['u'])).toBe('its webgen-deploy/home is kube-system/shop');
    expect(whyUnproven(none, at, ['u'])).toBe('it has no webgen-deploy/home');
    expect(whyUnproven(theirs, at, ['u'])).toBe('it is not written by webgen-deploy/shop');
    expect(whyUnproven(going, at, ['u'])).toBe('it is being deleted');
  });
});
