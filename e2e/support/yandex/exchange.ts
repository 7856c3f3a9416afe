// What a deployer does to get an IAM token, for tests that need one without the deployer.
import { importPKCS8, SignJWT } from 'jose';
import type { Yandex } from './emulator.ts';
import type { ServiceAccount } from './identity.ts';

/** An IAM token of that account, got with its key from the emulator over HTTP. */
export async function iamToken(yandex: Yandex, account: ServiceAccount): Promise<string> {
  const address = await addressOf(yandex, 'iam');
  const file = JSON.parse(account.keyJson) as { private_key: string };
  const pem = file.private_key.slice(file.private_key.indexOf('-----BEGIN'));
  const jwt = await new SignJWT()
    .setProtectedHeader({ alg: 'PS256', typ: 'JWT', kid: account.keyId })
    .setIssuer(account.id)
    .setAudience(`https://${address}/iam/v1/tokens`)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(await importPKCS8(pem, 'PS256'));
  const url = `http://${address}/iam/v1/tokens`;
  const { iamToken: token } = (await ask(url, {
    method: 'POST',
    body: JSON.stringify({ jwt }),
  })) as {
    iamToken: string;
  };
  return token;
}

/** `127.0.0.1:PORT` of one of its services, by discovery. */
export async function addressOf(yandex: Yandex, service: string): Promise<string> {
  const { endpoints } = (await ask(`${yandex.endpoint}/endpoints`)) as {
    endpoints: { id: string; address: string }[];
  };
  const found = endpoints.find(({ id }) => id === service);
  if (found === undefined) throw new Error(`no endpoint ${service}`);
  return found.address;
}

async function ask(url: string, init?: RequestInit): Promise<unknown> {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
