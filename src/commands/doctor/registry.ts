// Whether this login may push to the registry. An upload is started and cancelled; nothing remains.
import type { Http, Log } from '../../core/ports.ts';
import { isYandexRegistry, type Password, type RegistryAddress } from '../../registry/address.ts';
import { registryClient } from '../../registry/client.ts';
import { type Check, failed, ok } from './check.ts';
import { expected } from './cloud.ts';

export interface Asked {
  readonly address: RegistryAddress;
  readonly login: Password | undefined;
  /** The account that lacks the role, where the registry is Yandex Cloud's. */
  readonly serviceAccountId?: string;
  readonly http: Http;
  readonly mask: Log['mask'];
}

/** A repository that no build creates. */
const probe = 'webgen-deploy-doctor';

export async function checkRegistry(asked: Asked): Promise<Check> {
  const { address, login, http, mask } = asked;
  const client = registryClient({ host: address.host, http, login: async () => login, mask });
  const { check } = await expected('registry', async () => {
    await client.checkPush(`${address.prefix}/${probe}`);
    const who = login ? ` as ${login.username}` : ' without a login';
    return { check: ok('registry', `${address.prefix} accepts images${who}.`) };
  });
  if (check.verdict === 'ok') return isClosing(address) ? closing(address) : check;
  return { ...check, fix: [...fixes(check, asked), ...(isClosing(address) ? [move] : [])] };
}

const isClosing = ({ host }: RegistryAddress) => host === 'cr.yandex';
const move = 'Move to Cloud Registry (--registry=registry.yandexcloud.net/<registry id>).';

/** https://yandex.cloud/docs/container-registry/sunset */
function closing({ prefix }: RegistryAddress): Check {
  const what = `${prefix} accepts images, but Container Registry is discontinued on 14 December 2026.`;
  return failed('registry', what, [move]);
}

function fixes({ fix, what }: Check, { address, serviceAccountId }: Asked): readonly string[] {
  if (!isYandexRegistry(address.host) || !what.includes('does not allow')) return fix;
  const id = address.prefix.split('/')[1] ?? '<registry id>';
  const subject = `--subject serviceAccount:${serviceAccountId ?? '<service account id>'}`;
  const [service, role] = isClosing(address)
    ? ['container registry', 'container-registry.images.pusher']
    : ['cloud-registry registry', 'cloud-registry.artifacts.pusher'];
  return [`yc ${service} add-access-binding ${id} --role ${role} ${subject}`, ...fix];
}
