// The real definitions of the operators' kinds, out of the operators' own Go modules.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../cluster/exec.ts';

interface Source {
  readonly module: string;
  /** What the module's content hashes to: go.sum's own form. */
  readonly sum: string;
  readonly files: readonly string[];
}

const MONITORING = 'example/prometheus-operator-crd/monitoring.coreos.com';

const SOURCES: readonly Source[] = [
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    files: [`${MONITORING}_servicemonitors.yaml`, `${MONITORING}_prometheusrules.yaml`],
  },
  {
    module: 'github.com/cert-manager/cert-manager@v1.21.2',
    sum: 'h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=',
    files: [
      'deploy/crds/cert-manager.io_issuers.yaml',
      'deploy/crds/cert-manager.io_certificates.yaml',
    ],
  },
  {
    module: 'github.com/external-secrets/external-secrets@v1.3.2',
    sum: 'h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=',
    files: [
      'config/crds/bases/external-secrets.io_secretstores.yaml',
      'config/crds/bases/external-secrets.io_externalsecrets.yaml',
    ],
  },
];

/** CustomResourceDefinitions as YAML documents, or why there are none (no Go, no module proxy). */
export async function operatorKinds(): Promise<
  { readonly yaml: string } | { readonly missing: string }
> {
  const texts: string[] = [];
  for (const { module, sum, files } of SOURCES) {
    const done = await exec('go', ['mod', 'download', '-json', module], { env: { GOFLAGS: '' } });
    if (done.code !== 0) return { missing: `${module}: ${done.stdout}${done.stderr}` };
    const got: { readonly Dir: string; readonly Sum: string } = JSON.parse(done.stdout);
    if (got.Sum !== sum) throw new Error(`${module} is ${got.Sum}, not ${sum}`);
    for (const file of files) texts.push(await readFile(join(got.Dir, file), 'utf8'));
  }
  return { yaml: texts.join('\n---\n') };
}
