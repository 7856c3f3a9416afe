// Fills ${NAME} in parsed texts, once, so that a value can never become YAML or another variable.

import { type Finding, finding } from '../core/errors.ts';
import { clip, oneLine } from '../core/text.ts';
import { type Document, type Path, placeOf, subjectOf } from '../kube/document.ts';
import { mapValues } from '../kube/json.ts';
import { isBuiltIn } from '../kube/kinds.ts';
import type { KubeObject } from '../kube/objects.ts';

export type Variables = Readonly<Record<string, string>>;

export interface Filled {
  readonly documents: readonly Document[];
  readonly findings: readonly Finding[];
}

// `$${NAME}` is not ours: it is how shells, Compose and Flux write a ${NAME} that is meant as text,
// so it stays as it is, both dollars included.
// Looking back keeps a long row of dollars from being tried from each of them.
const reference = /(?<!\$)(\$*)\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * Fills the variables, in values and never in keys. `variable-unset` for each ${NAME} that is left:
 * fatal where it must mean something (names, namespaces, labels, images, hosts), a warning elsewhere,
 * silent in texts that other programs read (data, command, args, env, custom kinds).
 * `input-invalid` for each variable that nothing uses.
 */
export function fillVariables(documents: readonly Document[], variables: Variables): Filled {
  const used = new Set<string>();
  const findings: Finding[] = [];
  const filled = documents.map((document) => {
    const object = mapValues(document.object, (value, path) => {
      if (typeof value !== 'string' || !value.includes('${')) return value;
      const { text, unset } = fill(value, variables, used);
      findings.push(...unset.flatMap((name) => leftOver(name, document, path)));
      return typed(text, value, { object: document.object, path });
    });
    return object === document.object ? document : { ...document, object };
  });
  const unused = Object.keys(variables).filter((name) => !used.has(name));
  return { documents: filled, findings: [...findings, ...unused.map(unusedFinding)] };
}

function fill(text: string, variables: Variables, used: Set<string>) {
  const unset = new Set<string>();
  const filled = text.replaceAll(reference, (whole, dollars: string, name: string) => {
    if (dollars !== '') return whole;
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value === undefined) unset.add(name);
    else used.add(name);
    return value ?? whole;
  });
  return { text: filled, unset: [...unset] };
}

interface Where {
  readonly object: KubeObject;
  readonly path: Path;
}

// Fields of Kubernetes' own kinds that take a number (or a number or a text): a text of digits would
// be refused there. Everywhere else a value stays a text, so that VERSION=1.10 is never 1.1.
const numeric = new Set([
  ...['replicas', 'minReplicas', 'maxReplicas', 'averageUtilization', 'minReadySeconds'],
  ...['revisionHistoryLimit', 'progressDeadlineSeconds', 'terminationGracePeriodSeconds'],
  ...['initialDelaySeconds', 'periodSeconds', 'timeoutSeconds', 'successThreshold'],
  ...['failureThreshold', 'activeDeadlineSeconds', 'ttlSecondsAfterFinished', 'backoffLimit'],
  ...['parallelism', 'completions', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'],
  ...['startingDeadlineSeconds', 'stabilizationWindowSeconds', 'runAsUser', 'runAsGroup'],
  ...['fsGroup', 'containerPort', 'hostPort', 'port', 'targetPort', 'nodePort', 'number', 'weight'],
  ...['maxSurge', 'maxUnavailable', 'minAvailable', 'priority'],
]);

/** A whole scalar of digits in a field of numbers becomes a number; anything else stays a text. */
function typed(text: string, before: string, { object, path }: Where): string | number {
  const whole = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(before) && text !== before;
  if (!whole || !/^(0|[1-9][0-9]{0,14})$/.test(text)) return text;
  const key = path.at(-1);
  const counts = path[0] === 'spec' && typeof key === 'string' && numeric.has(key);
  return counts && isBuiltIn(object) && placeKind(object, path) === 'other' ? Number(text) : text;
}

/** What kind of place a text stands in. */
type PlaceKind = 'name' | 'namespace' | 'label' | 'image' | 'host' | 'foreign' | 'other';

const labelFields = new Set(['labels', 'matchLabels', 'nodeSelector', 'commonLabels']);
const foreignFields = new Set(['command', 'args', 'env']);
const hostFields = new Set(['host', 'hosts', 'hostname', 'hostnames', 'externalName']);

function placeKind(object: KubeObject, path: Path): PlaceKind {
  const [top, second] = path;
  if (top === 'data' || top === 'stringData' || top === 'binaryData') return 'foreign';
  if (top !== 'metadata' && !isBuiltIn(object)) return 'foreign';
  // A CustomResourceDefinition's own texts: patterns, rules, descriptions.
  if (path.includes('openAPIV3Schema')) return 'foreign';
  return top === 'spec' && second === 'selector' ? 'label' : kindByKeys(path);
}

/** From the outside in, since a label may be called `env`, and an env may hold a `name`. */
function kindByKeys(path: Path): PlaceKind {
  for (const key of path.slice(0, -1).map(String)) {
    if (labelFields.has(key)) return 'label';
    if (key === 'annotations') return 'other';
    if (foreignFields.has(key)) return 'foreign';
  }
  return lastKind(path);
}

function lastKind(path: Path): PlaceKind {
  const key = path.findLast((each) => typeof each === 'string') ?? '';
  if (key === 'namespace') return 'namespace';
  if (key === 'image') return 'image';
  if (hostFields.has(key)) return 'host';
  const isName = key === 'name' || key === 'generateName' || key.endsWith('Name');
  if (isName) return 'name';
  return foreignFields.has(key) ? 'foreign' : 'other';
}

function leftOver(name: string, document: Document, path: Path): readonly Finding[] {
  const kind = placeKind(document.object, path);
  if (kind === 'foreign') return [];
  const subject = subjectOf(document.object);
  const place = `\${${name}} in ${clip(oneLine(path.join('.')), 200)} of ${subject.object}`;
  const what =
    kind === 'other'
      ? `${place} stays as written: no variable has this name.`
      : `${place} has no value, and this is a ${kind}.`;
  return [
    finding('variable-unset', what, {
      severity: kind === 'other' ? 'warning' : 'fatal',
      ...subject,
      ...placeOf(document, path),
      hint: `Add a line ${name}=… to the input variables.`,
    }),
  ];
}

function unusedFinding(name: string): Finding {
  return finding(
    'input-invalid',
    `The variable ${name} is never used: no manifest has \${${name}}.`,
    {
      hint: `Remove the line ${name}=… from the input variables, or write \${${name}} where it belongs.`,
    },
  );
}
