// Whether an Ingress backend exists: the Service and its port, or else the closest names.
import type { V1Ingress, V1IngressServiceBackend } from '@kubernetes/client-node';
import { plain } from '../../core/plain-text.ts';
import type { KubeObject, Raw } from '../../kube/objects.ts';
import { type Service, typed } from '../../kube/typed.ts';
import type { JudgeContext } from './judge-context.ts';
import { choices } from './nearest.ts';
import type { Diagnosis, SignalRow } from './verdict.ts';

export const ingressRows: readonly SignalRow[] = [
  ['Ingress: no such Service', 'service-mismatch', 'never', 'ingress/service-missing'],
  ['Ingress: no such port of its Service', 'service-mismatch', 'never', 'ingress/port-missing'],
];

type Backend = Raw<V1IngressServiceBackend>;

function backendsOf(live: KubeObject): readonly Backend[] {
  const { spec } = typed<Raw<V1Ingress>>(live);
  const ruled = (spec?.rules ?? []).flatMap(({ http }) => http?.paths ?? []);
  return [spec?.defaultBackend, ...ruled.map(({ backend }) => backend)].flatMap(
    (each) => each?.service ?? [],
  );
}

/** The first backend that does not exist; undefined where Services cannot be listed. */
export function diagnoseBackends(live: KubeObject, context: JudgeContext): Diagnosis | undefined {
  const { namespace = '' } = live.metadata;
  if (!context.snapshot.knows('Service', namespace)) return undefined;
  const services = context.snapshot.all('Service', namespace);
  for (const { name, port } of backendsOf(live)) {
    const service = services.find(({ metadata }) => metadata.name === name);
    if (!service) {
      const names = services.map(({ metadata }) => metadata.name);
      return diagnosisOf(
        `its backend Service ${name} does not exist`,
        'Services',
        choices(name, names),
      );
    }
    const ports = typed<Service>(service).spec?.ports ?? [];
    if (!port || ports.some((each) => each.port === port.number || each.name === port.name)) {
      continue;
    }
    const asked = String(port.name ?? port.number);
    const known = ports.map((each) => String((port.name && each.name) || each.port));
    return diagnosisOf(
      `the Service ${name} has no port ${asked}`,
      'its ports',
      choices(asked, known),
    );
  }
  return undefined;
}

function diagnosisOf(what: string, title: string, known: string): Diagnosis {
  return {
    code: 'service-mismatch',
    severity: 'warning',
    certain: false,
    what: plain(what, 200),
    evidence: [plain(`${title}: ${known || 'none'}`)],
    hint: 'Correct the backend of the Ingress, or apply the Service.',
  };
}
