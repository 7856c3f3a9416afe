// A container that runs but whose probe fails: judged by the budget that its own probes allow.

import { plain } from '../../../core/plain-text.ts';
import { countOf, type KubeEvent, type Probe } from '../../../kube/typed.ts';
import {
  byTime,
  type ContainerSymptom,
  type ContainerView,
  since,
} from '../../facts/judge-context.ts';

const leastFatalMs = 60_000;

function budgetMs(probe: Probe | undefined): number {
  if (!probe) return 0;
  // The API server fills these in; the numbers are its defaults.
  const tries = (probe.failureThreshold ?? 3) * (probe.periodSeconds ?? 10);
  return 1_000 * ((probe.initialDelaySeconds ?? 0) + tries + (probe.timeoutSeconds ?? 1));
}

function probeWords(probe: Probe | undefined): string {
  const get = probe?.httpGet;
  if (get) return `GET ${get.path ?? '/'} on port ${String(get.port)}`;
  if (probe?.tcpSocket) return `TCP port ${String(probe.tcpSocket.port)}`;
  if (probe?.grpc) return `gRPC on port ${probe.grpc.port}`;
  return plain(`command ${JSON.stringify(probe?.exec?.command ?? [])}`, 200);
}

function about(view: ContainerView, reason: string, words: RegExp): readonly KubeEvent[] {
  const path = `{${view.status.name}}`;
  return view.events.filter(
    (event) =>
      event.reason === reason &&
      (event.involvedObject.fieldPath ?? '').includes(path) &&
      words.test(event.message ?? ''),
  );
}

function portsOf(view: ContainerView): string {
  const ports = (view.spec?.ports ?? []).map((port) => port.containerPort);
  return ports.length ? `container ports: ${ports.join(', ')}` : 'the container names no ports';
}

function hintFor(message: string): string | undefined {
  if (/connection refused/i.test(message)) {
    return 'Nothing listens on that port: correct the port, or listen on 0.0.0.0, not on 127.0.0.1.';
  }
  return /statuscode: 404/i.test(message) ? 'Correct the path of the probe.' : undefined;
}

export const probeSymptoms: readonly ContainerSymptom[] = [
  {
    name: 'killed by a probe',
    rows: [
      [
        'event Killing, startup probe',
        'probe-failing',
        'second kill',
        'deployment/startup-failing',
      ],
      [
        'event Killing, liveness probe',
        'probe-failing',
        'second kill',
        'deployment/liveness-failing',
      ],
    ],
    sees(view) {
      const kills = about(view, 'Killing', /(liveness|startup) probe/i);
      if (!kills.length || (view.status.ready && view.run.wasReady)) return undefined;
      const which = /startup/i.test(kills.at(-1)?.message ?? '') ? 'startup' : 'liveness';
      const probe = which === 'startup' ? view.spec?.startupProbe : view.spec?.livenessProbe;
      const count = kills.reduce((sum, event) => sum + countOf(event), 0);
      const last = about(view, 'Unhealthy', new RegExp(which, 'i')).at(-1)?.message ?? '';
      const hint = hintFor(last);
      return {
        code: 'probe-failing',
        certain: count >= 2,
        what: `the ${which} probe of ${view.role} ${view.status.name} fails, so it is restarted`,
        evidence: [
          plain(last),
          `${probeWords(probe)}; killed ${count} times; it has ${budgetMs(probe) / 1_000} s to answer`,
          portsOf(view),
        ],
        ...(hint ? { hint } : {}),
        logs: true,
      };
    },
  },
  {
    name: 'never ready',
    rows: [
      [
        'runs, not ready; event Unhealthy',
        'probe-failing',
        '2 × its own budget, at least 60 s, if no pod was ever Ready',
        'deployment/readiness-failing',
      ],
      [
        'runs, not ready, no probe result known',
        'probe-failing',
        '2 × its own budget, at least 60 s, if no pod was ever Ready',
        'deployment/never-ready',
      ],
    ],
    sees(view) {
      const running = view.status.state?.running;
      if (!running || view.status.ready || view.revisionPods.kind === 'Job') return undefined;
      if (view.role === 'init container' || !view.spec?.readinessProbe) return undefined;
      const budget = budgetMs(view.spec.startupProbe) + budgetMs(view.spec.readinessProbe);
      const from = since(view, `${view.status.name}/unready`);
      if (!view.context.isPast(from + budget)) return undefined;
      const last = about(view, 'Unhealthy', /readiness|startup/i).at(-1)?.message ?? '';
      const hint = hintFor(last);
      return {
        code: 'probe-failing',
        ...(view.revisionPods.everReady
          ? { certain: false }
          : byTime(from + Math.max(2 * budget, leastFatalMs), view.context)),
        what: `${view.role} ${view.status.name} runs but never passes its readiness probe`,
        evidence: [
          last
            ? plain(last)
            : 'no result of the probe is known: it may be waiting for something else',
          `${probeWords(view.spec.readinessProbe)}; its own budget was ${budget / 1_000} s`,
          portsOf(view),
        ],
        ...(hint ? { hint } : {}),
        logs: true,
      };
    },
  },
];
