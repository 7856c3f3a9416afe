// Steady requests from several clients at once, each on a connection of its own, and what became of them.
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Load {
  /** Ends the clients; what they saw. */
  stop(): Promise<{ readonly answered: number; readonly failed: readonly string[] }>;
}

/** Four clients for each address, at most 20 requests a second each. Everything but 200 has failed. */
export function startLoad(addresses: readonly string[]): Load {
  let going = true;
  let answered = 0;
  const failed: string[] = [];
  const client = async (address: string) => {
    while (going) {
      const problem = await once(address);
      if (problem === undefined) answered++;
      else failed.push(`${new Date().toISOString()} ${address}: ${problem}`);
      await sleep(50);
    }
  };
  const clients = addresses.flatMap((address) => [1, 2, 3, 4].map(() => client(address)));
  return {
    stop: async () => {
      going = false;
      await Promise.all(clients);
      return { answered, failed };
    },
  };
}

function once(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = request(address, { agent: false, timeout: 10_000 }, (answer) => {
      answer.on('error', (error) => resolve(String(error)));
      answer.on('end', () =>
        resolve(answer.statusCode === 200 ? undefined : `${answer.statusCode}`),
      );
      answer.resume();
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in 10 s')));
    sent.on('error', (error) => resolve(String(error)));
    sent.end();
  });
}
