// The rules between inputs for images built by another job: what a bare digest means, and that it arrived.
import type { RunContext } from '../core/context.ts';
import type { Finding } from '../core/errors.ts';
import { isUntrusted } from '../core/guard.ts';
import { invalid } from '../core/readers.ts';
import { repositoryOf } from '../registry/address.ts';
import type { ReadFields } from './fields.ts';
import { isDigest } from './lists.ts';
import { registryOf } from './registry.ts';

export interface NamedImages {
  /** name → reference, never a bare digest. */
  readonly images: Readonly<Record<string, string>>;
  readonly findings: readonly Finding[];
}

/**
 * Completes each digest with the repository to which `build` pushes on this event.
 * With `built`, at least one digest must be present: GitHub drops the whole output or nothing of it.
 */
export function nameImages(read: ReadFields, context: RunContext): NamedImages {
  const { values, wrong } = read;
  const given = Object.entries(values.images ?? {});
  const bare = given.filter(([, value]) => isDigest(value));
  const deploys = values.command === 'deploy' || values.command === 'diff';
  if (bare.length === 0) {
    const isMissing = deploys && values.built && !wrong.has('images') && !wrong.has('command');
    return { images: values.images ?? {}, findings: isMissing ? [dropped] : [] };
  }
  const address = registryOf(read);
  if (!address) {
    const isReported = wrong.has('registry') || wrong.has('yc-registry-id');
    return {
      images: {},
      findings: isReported ? [] : [withoutRegistry(bare.map(([name]) => name))],
    };
  }
  const proposed = isUntrusted(context);
  const images: Record<string, string> = Object.create(null);
  for (const [name, value] of given) {
    images[name] = isDigest(value)
      ? `${repositoryOf(address, name, { proposed })}@${value}`
      : value;
  }
  return { images, findings: [] };
}

// actions/runner, JobExtension.cs: "Skip output … since it may contain secret".
const dropped: Finding = {
  ...invalid(
    'images',
    'has no digest, though `built` says that another job built images',
    `GitHub drops an output of a job that holds a masked text. Hand over \`digest-lines\`, which has \
neither a brace nor an id. If it is empty too, a secret has a line that stands in it, such as an \
image's name: store the service account's key on one line, jq -c . key.json | gh secret set \
YC_SA_JSON_CREDENTIALS --env <environment>, and APPLICATION_SECRETS as base64.`,
  ),
  evidence: [
    "the log of the job that built says which: Skip output '…' since it may contain secret.",
  ],
};

function withoutRegistry(names: readonly string[]): Finding {
  const list = names.map((name) => `\`${name}\``).join(', ');
  const hint = `Set \`yc-registry-id\`, or \`registry\` to host/path, as in the job that built it (a \
secret or variable that is not set arrives empty). Or write the whole reference: \
${names[0]}=host/path/${names[0]}@sha256:….`;
  return invalid('images', `gives ${list} a digest alone, and no registry is given`, hint);
}
