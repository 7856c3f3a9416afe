// Maps a registry's answer to a code and a hint, by its documented errors.

import type { Code } from '../core/codes.ts';
import { type Finding, finding } from '../core/errors.ts';
import type { HttpResponse, TransportError } from '../core/ports.ts';
import { clip, oneLine } from '../core/text.ts';
import { isYandexRegistry } from './address.ts';

export interface Refused extends Pick<HttpResponse, 'status' | 'body'> {
  readonly repository: string;
  readonly doing: 'pull' | 'push';
}

/** A finding for an error answer. */
export function answered(refused: Refused): Finding {
  const code = codeOf(refused);
  const { status, body, repository, doing } = refused;
  const said = clip(oneLine(messageOf(body)), 500);
  const host = repository.split('/')[0] ?? '';
  const hint = hintFor(code, host, said);
  return finding(code, `${host} ${whats[code] ?? 'refused'} a ${doing}: ${repository}.`, {
    evidence: [`HTTP ${status}${said === '' ? '' : `: ${said}`}`],
    ...(hint === undefined ? {} : { hint }),
  });
}

const whats: Partial<Record<Code, string>> = {
  'registry-unauthenticated': 'does not accept the login for',
  'registry-denied': 'does not allow',
  'registry-read-only': 'is read-only and refuses',
  'registry-unreachable': 'failed at',
  'disk-full': 'has no space left for',
};

function codeOf({ status, body }: Refused): Code {
  // The distribution project's registry only reports the error number: 28 is ENOSPC.
  if (/no space left on device|quota|"Err":28\b/i.test(body)) return 'disk-full';
  if (status === 401) return 'registry-unauthenticated';
  if (status === 405 || /read[- ]?only/i.test(body)) return 'registry-read-only';
  if (status === 429 || status >= 500) return 'registry-unreachable';
  return 'registry-denied';
}

/** The distribution API answers `{errors: [{code, message}]}`. */
function messageOf(body: string): string {
  try {
    const { errors } = JSON.parse(body) as {
      errors?: readonly { message?: string; code?: string }[];
    };
    return (errors ?? []).map(({ code, message }) => `${code}: ${message}`).join('; ') || body;
  } catch {
    return body;
  }
}

/** More specific than the table's, for Yandex's registries. */
function hintFor(code: Code, host: string, said = ''): string | undefined {
  if (code === 'registry-denied' && /name.?unknown|not found/i.test(said)) {
    return 'Check the registry id and the name of the image; the registry does not know them.';
  }
  if (!isYandexRegistry(host)) return undefined;
  if (code === 'registry-denied') {
    const role = host.endsWith('cr.yandex')
      ? 'container-registry.images.pusher'
      : 'cloud-registry.artifacts.pusher';
    return `Grant the service account the role ${role} on the registry, and look at the registry's list of allowed addresses: it may leave the runner out.`;
  }
  if (code === 'registry-unauthenticated') {
    return 'Check the Yandex Cloud credentials: the login is user iam with an IAM token that is at most 12 hours old.';
  }
  return undefined;
}

/** A finding for a missing answer. */
export function unreached(host: string, error: TransportError): Finding {
  return finding('registry-unreachable', `The registry ${host} did not answer.`, {
    evidence: [`${error.reason}: ${clip(oneLine(error.message), 300)}`],
  });
}
