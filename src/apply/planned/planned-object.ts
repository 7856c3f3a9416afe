// One object between the dry run and the write: what will be sent, and what that will change.
import type { Document } from '../../kube/document.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { Resource } from '../../kube/resource.ts';
import type { ChangeKind } from './change.ts';

export interface PlannedObject {
  readonly document: Document;
  readonly resource: Resource;
  /** As it will be sent. */
  readonly object: KubeObject;
  /** As it was before the run; undefined where it did not exist. */
  readonly live: KubeObject | undefined;
  /** As the server, or our prediction, expects it to be afterwards. */
  readonly predicted: KubeObject;
  readonly change: ChangeKind;
  /** Dotted paths of what differs; empty for new objects. */
  readonly fields: readonly string[];
  /** False: nothing is sent. An unchanged object is sent once, to own its fields. */
  readonly write: boolean;
  /** Other managers' fields are taken over. */
  readonly force: boolean;
  /** An autoscaler owns `spec.replicas`. */
  readonly autoscaled: boolean;
  /** Why no dry run was possible before the first write. */
  readonly unverified?: string;
  /** ConfigMaps and Secrets (`Kind/name`) whose change in this run rolls this workload. */
  readonly restart: readonly string[];
}
