// An image that cannot be pulled: missing, denied, or temporarily unreachable.

import { plain } from '../../../core/plain-text.ts';
import { countOf } from '../../../kube/typed.ts';
import {
  byTime,
  type ContainerSymptom,
  type ContainerView,
  since,
} from '../../facts/judge-context.ts';
import { type PullTrouble, pullTroubleOf } from '../../facts/pull-words.ts';
import type { Diagnosis } from '../../facts/verdict.ts';

/** A denial counts from the second failed pull and ten seconds on: credentials may arrive late. */
const deniedMs = 10_000;
/** Network trouble mostly passes by itself: three pulls and this long. */
const transientMs = 90_000;

const neverHeals: Readonly<Record<string, string>> = {
  ErrImageNeverPull: 'is not on the node and imagePullPolicy is Never',
  ImageInspectError: 'cannot be read by the container runtime',
  SignatureValidationFailed: 'was refused by the signature policy of the node',
};

interface Pull {
  readonly trouble: PullTrouble;
  readonly message: string;
  /** Failed pulls of this kind. */
  readonly count: number;
}

function imageOf(view: ContainerView): string {
  return view.spec?.image ?? view.status.image;
}

// Status and events report the same pulls; each may miss some, so the larger number counts.
function pullOf(view: ContainerView): Pull {
  const image = imageOf(view);
  const failed = view.events.filter(
    (event) =>
      event.reason === 'Failed' &&
      /pull/i.test(event.message ?? '') &&
      (event.involvedObject.fieldPath ?? '').includes(`{${view.status.name}}`),
  );
  const own = view.status.state?.waiting?.message ?? '';
  const ownTrouble = pullTroubleOf(own, image);
  const latest = failed.at(-1)?.message ?? view.run.lastPull?.message ?? '';
  const message = ownTrouble === 'unknown' && latest ? latest : own;
  const trouble = pullTroubleOf(message, image);
  const seen = failed
    .filter((event) => pullTroubleOf(event.message ?? '', image) === trouble)
    .reduce((sum, event) => sum + countOf(event), 0);
  return { trouble, message, count: Math.max(seen, view.run.failedPulls[trouble] ?? 0) };
}

function registryOf(image: string): string {
  const [first = ''] = image.split('/');
  return image.includes('/') && /[.:]|^localhost$/.test(first) ? first : 'docker.io';
}

/** A single word is a placeholder for an image that a deploy should name: Docker Hub has no such image. */
function unnamed(image: string): Pick<Diagnosis, 'hint'> {
  if (!/^[a-z0-9][a-z0-9._-]{0,127}$/.test(image)) return {};
  const hint = `\`${image}\` has no registry and no tag, so no image was set for it: set one by \`build\`, or by a line of \`images\` (${image}=sha256:…, from \`digest-lines\` of the job that built it).`;
  return { hint };
}

type Row = (view: ContainerView, pull: Pull, image: string) => Diagnosis;

function evidenceOf({ message, count }: Pull): readonly string[] {
  return [plain(message), ...(count > 0 ? [`failed pulls: ${count}`] : [])];
}

const missing: Row = (view, pull, image) => ({
  code: 'image-not-found',
  certain: pull.count >= 2,
  what: `the image ${image} of ${view.role} ${view.status.name} is not in the registry`,
  evidence: evidenceOf(pull),
  ...unnamed(image),
});

const noPlatform: Row = (view, pull, image) => ({
  code: 'image-not-found',
  certain: pull.count >= 2,
  what: `the image ${image} of ${view.role} ${view.status.name} has no variant for the node's platform`,
  evidence: evidenceOf(pull),
  hint: 'Build the image for the platform of the nodes, for example linux/amd64.',
  foreign: true,
});

const denied: Row = (view, pull, image) => {
  const secrets = (view.pod.spec?.imagePullSecrets ?? []).map((each) => each.name);
  return {
    code: 'image-pull-denied',
    ...(pull.count >= 2
      ? byTime(since(view, `${view.status.name}/image`) + deniedMs, view.context)
      : { certain: false }),
    what: `${registryOf(image)} denies access to ${image} for ${view.role} ${view.status.name}`,
    evidence: [
      ...evidenceOf(pull),
      secrets.length
        ? `imagePullSecrets: ${secrets.join(', ')}`
        : 'the pod has no imagePullSecrets',
    ],
    ...unnamed(image),
  };
};

const hardToReach: Row = (view, pull, image) => {
  const from = Math.max(since(view, `${view.status.name}/image`), view.revisionPods.progressAt);
  return {
    code: 'image-pull-failed',
    ...(pull.count >= 3 ? byTime(from + transientMs, view.context) : { certain: false }),
    what: `${image} of ${view.role} ${view.status.name} could not be pulled; the node retries`,
    cause: `pull ${image} ${pull.trouble}`,
    evidence: evidenceOf(pull),
  };
};

const rows: Readonly<Record<PullTrouble, Row>> = {
  'not-found': missing,
  platform: noPlatform,
  denied,
  transient: hardToReach,
  unknown: hardToReach,
};

export const imageSymptoms: readonly ContainerSymptom[] = [
  {
    name: 'malformed image reference',
    rows: [['waiting: InvalidImageName', 'image-name-invalid', 'at once', 'deployment/image-name']],
    sees(view) {
      const waiting = view.status.state?.waiting;
      if (waiting?.reason !== 'InvalidImageName') return undefined;
      return {
        code: 'image-name-invalid',
        certain: true,
        what: `"${plain(imageOf(view))}" of ${view.role} ${view.status.name} is not an image reference`,
        evidence: [plain(waiting.message ?? waiting.reason)],
      };
    },
  },
  {
    name: 'image that the node will not take',
    rows: [
      ['waiting: ErrImageNeverPull', 'image-pull-failed', 'at once', 'deployment/image-never-pull'],
      ['waiting: ImageInspectError', 'image-pull-failed', 'at once', 'deployment/image-inspect'],
      [
        'waiting: SignatureValidationFailed',
        'image-pull-failed',
        'at once',
        'deployment/image-signature',
      ],
    ],
    sees(view) {
      const waiting = view.status.state?.waiting;
      const why = neverHeals[waiting?.reason ?? ''];
      if (why === undefined) return undefined;
      return {
        code: 'image-pull-failed',
        certain: true,
        what: `the image ${plain(imageOf(view))} of ${view.role} ${view.status.name} ${why}`,
        evidence: [plain(waiting?.message ?? waiting?.reason ?? '')],
      };
    },
  },
  {
    name: 'failed pull',
    rows: [
      [
        'waiting: ErrImagePull or ImagePullBackOff, not found',
        'image-not-found',
        'second failed pull',
        'deployment/image-not-found',
      ],
      [
        'waiting: ErrImagePull, no match for the platform',
        'image-not-found',
        'second failed pull',
        'deployment/platform-missing',
      ],
      [
        'waiting: ErrImagePull, 401, 403 or denied',
        'image-pull-denied',
        'second failed pull, 10 s',
        'deployment/pull-denied',
      ],
      [
        'waiting: ErrImagePull, 429',
        'image-pull-failed',
        '3 failed pulls and 90 s without progress',
        'deployment/rate-limited',
      ],
      [
        'waiting: ErrImagePull, timeout, 5xx, TLS or DNS',
        'image-pull-failed',
        '3 failed pulls and 90 s without progress',
        'deployment/registry-timeout',
      ],
      [
        'waiting: RegistryUnavailable',
        'image-pull-failed',
        '3 failed pulls and 90 s without progress',
        'deployment/registry-unavailable',
      ],
    ],
    sees(view) {
      const reason = view.status.state?.waiting?.reason ?? '';
      if (!['ErrImagePull', 'ImagePullBackOff', 'RegistryUnavailable'].includes(reason)) {
        return undefined;
      }
      const pull = pullOf(view);
      return rows[pull.trouble](view, pull, plain(imageOf(view)));
    },
  },
];
