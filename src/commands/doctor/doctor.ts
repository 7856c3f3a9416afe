// `doctor`: checks everything that a deploy needs, in parallel, and reports all of it.

import type { Finding } from '../../core/errors.ts';
import { readFields } from '../../inputs/fields.ts';
import { linesOfKey, storeKey } from '../../inputs/many-lines.ts';
import type { RawInputs } from '../../inputs/raw.ts';
import { chooseRegistry, takesIamToken } from '../../inputs/registry.ts';
import { chooseTarget } from '../../inputs/target.ts';
import { type Check, fromFinding, note } from './check.ts';
import { checkOutside, noRegistry, type Place, unopened } from './outside.ts';
import { checkRepository, type Repository } from './repository.ts';

export interface DoctorOptions extends Pick<Place, 'engine' | 'workspace'> {
  readonly raw: RawInputs;
  readonly repository: Repository;
  readonly defaultKubeconfig?: string | undefined;
}

export interface DoctorDone {
  /** 0 all good, 1 something is wrong, 2 inputs that cannot be read. */
  readonly code: 0 | 1 | 2;
  readonly checks: readonly Check[];
  /** About inputs that cannot be read: nothing was checked. */
  readonly findings: readonly Finding[];
}

/** What is not given is not checked, and the report names the flag for it. */
export async function doctor(options: DoctorOptions): Promise<DoctorDone> {
  const { raw, repository, defaultKubeconfig } = options;
  // The command belongs to the terminal and is not an input.
  const read = readFields({ ...raw, command: undefined });
  const ofKey = 'yc-sa-json-credentials';
  const chosen = chooseTarget(read, {
    on: 'terminal',
    required: false,
    defaultKubeconfig,
    opensRegistry: takesIamToken(read),
  });
  const badKey = read.wrong.has(ofKey);
  const findings = [...read.findings, ...chosen.findings].filter(
    (each) => each.severity === 'fatal' && !(badKey && each.what.includes(ofKey)),
  );
  if (findings.length > 0) return { code: 2, checks: [], findings };
  const { values } = read;
  const key = read.findings.find(({ what }) => what.includes(ofKey));
  const place: Place = {
    engine: options.engine,
    workspace: options.workspace,
    namespace: values.namespace,
    endpoint: values['cluster-endpoint'],
    apiEndpoint: values['yc-api-endpoint'],
  };
  const { registry } = chooseRegistry(read, chosen.credentials);
  const [files, cloud] = await Promise.all([
    checkRepository(repository),
    badKey && key
      ? [fromFinding('key', key), ...unopened('the key cannot be read'), noRegistry('the key')]
      : checkOutside({ ...chosen, ...(registry ? { registry } : {}) }, place),
  ]);
  const checks = [...files, ...storedKey(raw[ofKey] ?? ''), ...cloud];
  return { code: checks.some(({ verdict }) => verdict === 'failed') ? 1 : 0, checks, findings };
}

/** The key works here as `yc` writes it, but GitHub would mask each of its lines. */
function storedKey(text: string): readonly Check[] {
  if (linesOfKey(text) === 0) return [];
  const what = 'The key has several lines, each of which GitHub would mask: store it on one.';
  return [note('key', what, [storeKey('production')])];
}
