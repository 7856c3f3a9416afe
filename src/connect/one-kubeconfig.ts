// Merges several kubeconfigs, or changes the context of one, for tools that take a single file.

import { readYaml } from '../core/small-yaml.ts';
import { type Fields, isFields } from '../kube/json.ts';

export interface KubeconfigPart {
  /** The file's folder: relative paths in it start there. */
  readonly folder: string;
  readonly text: string;
}

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

const listOf = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.filter(isFields) : [];

function absolute(fields: Fields, names: readonly string[], folder: string): Fields {
  const moved = names.flatMap((name) => {
    const path = fields[name];
    const relative = typeof path === 'string' && path !== '' && !path.startsWith('/');
    return relative ? [[name, `${folder}/${path}`] as const] : [];
  });
  return { ...fields, ...Object.fromEntries(moved) };
}

function movedUser(user: Fields, folder: string): Fields {
  const files = absolute(user, ['client-certificate', 'client-key', 'tokenFile'], folder);
  const exec = fieldsOf(user['exec']);
  const command = exec['command'];
  // A bare name is looked up on PATH; one with a slash is relative to the file's folder.
  if (typeof command !== 'string' || !command.includes('/')) return files;
  return { ...files, exec: absolute(exec, ['command'], folder) };
}

function moved({ folder, text }: KubeconfigPart): Fields {
  const read = readYaml(text);
  const raw = 'yaml' in read ? fieldsOf(read.yaml.value) : {};
  const clusters = listOf(raw['clusters']).map((each) => ({
    ...each,
    cluster: absolute(fieldsOf(each['cluster']), ['certificate-authority'], folder),
  }));
  const users = listOf(raw['users']).map((each) => ({
    ...each,
    user: movedUser(fieldsOf(each['user']), folder),
  }));
  return { ...raw, clusters, users };
}

/**
 * As kubectl merges the files of `KUBECONFIG`: of one name the first counts, and the first current
 * context. `context` replaces that one. JSON, which is YAML too. A file that cannot be read is left out.
 */
export function oneKubeconfig(parts: readonly KubeconfigPart[], context?: string): string {
  const files = parts.map(moved);
  const named = (key: string): readonly Fields[] => {
    const all = files.flatMap((file) => listOf(file[key]));
    return [...Map.groupBy(all, ({ name }) => name).values()].flatMap((group) => group.slice(0, 1));
  };
  const current = files.map((file) => file['current-context']).find((each) => Boolean(each));
  const whole = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: named('clusters'),
    users: named('users'),
    contexts: named('contexts'),
    'current-context': context ?? current ?? '',
  };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}
