// A real RSA key in the forms of Yandex Cloud's key files, made once for each run of the tests.
import { generateKeyPairSync } from 'node:crypto';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
export const pkcs1 = pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
export const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
export const warning =
  'PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <ajekey0123456789abcd>';

/** A key file's fields as `yc iam key create` writes them. */
export const snake = {
  id: 'ajekey0123456789abcd',
  service_account_id: 'ajeaccount0123456789',
  created_at: '2026-11-01T10:00:00Z',
  key_algorithm: 'RSA_2048',
  public_key: publicKey,
  private_key: `${warning}\n${pem}`,
};
