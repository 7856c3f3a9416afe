// A container that waits for its configuration: a missing Secret, ConfigMap or key, or a forbidden user.

import { plain } from '../../../core/plain-text.ts';
import { byTime, type ContainerSymptom, since } from '../../facts/judge-context.ts';
import { answerWords, missingIn, proofWords, provedMissing } from '../../facts/missing-config.ts';

const proofMs = 10_000;
const secondSightMs = 10_000;

function hintFor(message: string): string | undefined {
  if (/runAsNonRoot|non-root|non-numeric/i.test(message)) {
    return 'Set securityContext.runAsUser to a number other than 0, or build the image with such a USER.';
  }
  return /subpath/i.test(message) ? 'Correct subPath of the volume mount.' : undefined;
}

export const configSymptoms: readonly ContainerSymptom[] = [
  {
    name: 'missing Secret, ConfigMap or key',
    rows: [
      [
        'waiting: CreateContainerConfigError, secret not found',
        'config-missing',
        '10 s, and a read shows it missing',
        'deployment/secret-missing',
      ],
      [
        'waiting: CreateContainerConfigError, configmap not found',
        'config-missing',
        '10 s, and a read shows it missing',
        'deployment/configmap-missing',
      ],
      [
        'waiting: CreateContainerConfigError, key not found',
        'config-missing',
        '10 s, and a read shows it missing',
        'deployment/secret-key-missing',
      ],
    ],
    sees(view) {
      const waiting = view.status.state?.waiting;
      if (waiting?.reason !== 'CreateContainerConfigError') return undefined;
      const message = waiting.message ?? '';
      const proof = missingIn(message, view.pod.metadata?.namespace ?? '');
      if (!proof) return undefined;
      const from = since(view, `${view.status.name}/config`);
      return {
        code: 'config-missing',
        ...provedMissing(proof, { from, ms: proofMs }, view.context),
        what: `${view.role} ${view.status.name} needs ${proofWords(proof)}, which is missing`,
        evidence: [plain(message), ...answerWords(proof, view.context)],
        proof,
      };
    },
  },
  {
    name: 'configuration that the kubelet refuses',
    rows: [
      [
        'waiting: CreateContainerConfigError, runAsNonRoot',
        'container-start-failed',
        '10 s',
        'deployment/run-as-root',
      ],
      [
        'waiting: CreateContainerConfigError, non-numeric user',
        'container-start-failed',
        '10 s',
        'deployment/user-name',
      ],
      [
        'waiting: CreateContainerConfigError, subPath',
        'container-start-failed',
        '10 s',
        'deployment/sub-path',
      ],
    ],
    sees(view) {
      const waiting = view.status.state?.waiting;
      if (waiting?.reason !== 'CreateContainerConfigError') return undefined;
      const message = plain(waiting.message ?? waiting.reason);
      // The kubelet has not read the object yet: this says nothing about the object.
      if (/failed to sync .* cache/i.test(message)) return undefined;
      const hint = hintFor(message);
      return {
        code: 'container-start-failed',
        ...byTime(since(view, `${view.status.name}/config`) + secondSightMs, view.context),
        what: `${view.role} ${view.status.name} cannot be created as it is configured`,
        cause: `config ${view.status.name} ${message.replace(/\(pod: .*?\)/, '')}`,
        evidence: [message],
        ...(hint ? { hint } : {}),
      };
    },
  },
];
