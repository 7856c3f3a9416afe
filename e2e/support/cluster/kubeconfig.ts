// The text of a kubeconfig for a server, a CA and a token.

export interface Access {
  readonly server: string;
  readonly caPem?: string;
  readonly token?: string;
  readonly namespace?: string;
}

/** JSON, which is YAML too; one context, named `test`. */
export function kubeconfigText(access: Access): string {
  const { server, caPem, token, namespace } = access;
  const authority =
    caPem === undefined
      ? {}
      : { 'certificate-authority-data': Buffer.from(caPem).toString('base64') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, ...authority } }],
    users: [{ name: 'test', user: token === undefined ? {} : { token } }],
    contexts: [
      {
        name: 'test',
        context: {
          cluster: 'test',
          user: 'test',
          ...(namespace === undefined ? {} : { namespace }),
        },
      },
    ],
    'current-context': 'test',
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
