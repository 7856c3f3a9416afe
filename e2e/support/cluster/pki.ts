// A certificate authority for one cluster, so that its clients verify TLS as they do elsewhere.
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execOk } from './exec.ts';

export interface Pki {
  readonly caPem: string;
  readonly caFile: string;
  /** The API server's serving certificate and key: 127.0.0.1 and localhost. */
  readonly certFile: string;
  readonly keyFile: string;
  /** What the API server shows kubelets. */
  readonly clientCertFile: string;
  readonly clientKeyFile: string;
  /** Signs the tokens of service accounts. */
  readonly accountsKeyFile: string;
}

const NAMES = 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc';
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes everything anew in `folder`; valid for thirty days. */
export async function makePki(folder: string): Promise<Pki> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execOk('openssl', args, { cwd: folder });
  const subject = ['-subj', '/CN=webgen-deploy test cluster'];
  const authority = ['-keyout', 'ca.key', '-out', 'ca.crt', '-days', '30', ...subject];
  await openssl('req', '-x509', ...EC, ...authority);
  const sign = async (name: string, who: string, extensions: string) => {
    const [key, csr, crt, config] = ['key', 'csr', 'crt', 'cnf'].map((end) => `${name}.${end}`);
    await writeFile(at(`${config}`), extensions);
    await openssl('req', ...EC, '-keyout', `${key}`, '-out', `${csr}`, '-subj', who);
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${config}`];
    await openssl('x509', '-req', '-in', `${csr}`, ...by, '-days', '30', '-out', `${crt}`);
  };
  await sign('api', '/CN=127.0.0.1', `${NAMES}\nextendedKeyUsage=serverAuth\n`);
  await sign('client', '/O=system:masters/CN=api-server', 'extendedKeyUsage=clientAuth\n');
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await writeFile(at('accounts.key'), privateKey, { mode: 0o600 });
  return {
    caPem: await readFile(at('ca.crt'), 'utf8'),
    caFile: at('ca.crt'),
    certFile: at('api.crt'),
    keyFile: at('api.key'),
    clientCertFile: at('client.crt'),
    clientKeyFile: at('client.key'),
    accountsKeyFile: at('accounts.key'),
  };
}
