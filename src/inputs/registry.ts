// The rules between inputs that choose the registry, its login, and what is built for it.

import type { Finding } from '../core/errors.ts';
import { invalid } from '../core/readers.ts';
import type { BuildRequest } from '../images/request.ts';
import {
  defaultRegistryHost,
  isLoopbackRegistry,
  isYandexRegistry,
  type RegistryAddress,
} from '../registry/address.ts';
import type { Credentials } from '../yandex/credentials.ts';
import type { ReadFields } from './fields.ts';
import type { Registry, RegistryLogin } from './types.ts';

/** `registry`, or Yandex's with `yc-registry-id`; a bare host takes the id as its path. */
export function registryOf({ values }: ReadFields): RegistryAddress | undefined {
  const { registry, 'yc-registry-id': id } = values;
  if (registry && (id === undefined || registry.prefix !== registry.host)) return registry;
  const host = registry?.host ?? defaultRegistryHost;
  return id === undefined ? undefined : { host, prefix: `${host}/${id}` };
}

/** Whether Yandex Cloud's credentials are its login. Their token is sent nowhere else. */
export function takesIamToken(read: ReadFields): boolean {
  const address = registryOf(read);
  if (!address || read.given.has('registry-username')) return false;
  const emulated = isLoopbackRegistry(address.host) && read.given.has('yc-registry-id');
  return isYandexRegistry(address.host) || emulated;
}

export interface ChosenRegistry {
  readonly registry?: Registry;
  readonly build?: BuildRequest;
  readonly findings: readonly Finding[];
}

/** `credentials` are those for Yandex Cloud, if given and valid. */
export function chooseRegistry(
  read: ReadFields,
  credentials: Credentials | undefined,
): ChosenRegistry {
  const address = registryOf(read);
  const findings = [...loginFindings(read), ...authFindings(read), ...buildFindings(read)];
  const build = buildOf(read);
  const login = loginOf(read, credentials);
  const authHost = read.values['registry-auth-host'];
  const registry = address && {
    ...address,
    ...(login ? { login } : {}),
    ...(authHost === undefined ? {} : { authHost }),
  };
  const pushes = ['deploy', 'build'].includes(read.values.command);
  if (
    build &&
    pushes &&
    !registry &&
    !read.wrong.has('registry') &&
    !read.wrong.has('yc-registry-id')
  ) {
    const hint = 'Set `yc-registry-id`, or `registry` to host/path of another registry.';
    findings.push(invalid('registry', 'is missing: what is built has to be pushed', hint));
  }
  return { findings, ...(registry ? { registry } : {}), ...(build ? { build } : {}) };
}

function loginOf(
  read: ReadFields,
  credentials: Credentials | undefined,
): RegistryLogin | undefined {
  const { 'registry-username': username, 'registry-password': password } = read.values;
  if (username !== undefined && password) return { by: 'password', username, password };
  return credentials && takesIamToken(read) ? { by: 'iam', credentials } : undefined;
}

function loginFindings({ given }: ReadFields): readonly Finding[] {
  const name = given.has('registry-username');
  if (name === given.has('registry-password')) return [];
  const [has, lacks] = name
    ? (['registry-username', 'registry-password'] as const)
    : (['registry-password', 'registry-username'] as const);
  const hint = 'Give both. A secret that is not set arrives empty.';
  return [invalid(has, `needs \`${lacks}\` beside it`, hint)];
}

/** Inputs that are given but have no effect must be reported. */
function authFindings(read: ReadFields): readonly Finding[] {
  const name = 'registry-auth-host';
  if (!read.given.has(name)) return [];
  if (!registryOf(read)) return [invalid(name, 'needs `registry` beside it', 'Give both or none.')];
  if (!takesIamToken(read)) return [];
  const hint = "Remove it: an IAM token goes to Yandex's hosts alone.";
  return [
    { ...invalid(name, 'is not used: the login is an IAM token', hint), severity: 'warning' },
  ];
}

function buildFindings(read: ReadFields): Finding[] {
  const { given, values, wrong } = read;
  const findings: Finding[] = [];
  if (given.has('build') && given.has('bake-file')) {
    findings.push(invalid('build', 'excludes `bake-file`', 'Give one of the two.'));
  }
  if (given.has('bake-targets') && !given.has('bake-file')) {
    findings.push(invalid('bake-targets', 'needs `bake-file` beside it', 'Give both or none.'));
  }
  const builds = given.has('build') || given.has('bake-file');
  if (values.command === 'build' && !builds && !wrong.has('command')) {
    const hint = 'Say what to build in `build` or `bake-file`.';
    findings.push(invalid('build', 'is missing', hint));
  }
  for (const { name } of values.build ?? []) {
    if (values.images?.[name] === undefined) continue;
    const hint = 'Take the line out of `images`: what is built is deployed by its digest.';
    findings.push(invalid('images', `gives \`${name}\`, which \`build\` builds`, hint));
  }
  return findings;
}

function buildOf({ values }: ReadFields): BuildRequest | undefined {
  const { build: images, 'bake-file': file, builder, provenance } = values;
  if (!images && file === undefined) return undefined;
  return {
    images: images ?? [],
    ...(file === undefined ? {} : { bake: { file, targets: values['bake-targets'] ?? [] } }),
    ...(builder === undefined ? {} : { builder }),
    ...(provenance === 'false' ? {} : { provenance: provenance === 'max' ? 'max' : 'min' }),
    sbom: values.sbom,
  };
}
