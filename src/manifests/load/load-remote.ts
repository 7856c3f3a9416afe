// A manifest from an address: by https, with a known digest, without credentials, from that host only.
import { createHash } from 'node:crypto';
import { type Finding, finding } from '../../core/errors.ts';
import { type Http, type HttpResponse, TransportError } from '../../core/ports.ts';
import { parseManifests } from '../parse/parse.ts';

interface Remote {
  readonly url: string;
  /** Hexadecimal, lower case. */
  readonly sha256: string;
  /** The address, safe to show. */
  readonly shown: string;
}

const maxBytes = 8 * 2 ** 20;

/** Documents with the address as their file; a file with another digest is not even parsed. */
export async function loadRemote({ url, sha256, shown }: Remote, http: Http) {
  const answer = await fetchText(url, http);
  if (typeof answer === 'string')
    return failed(shown, [answer], 'Check the address and the proxy.');
  const redirected = answer.status >= 300 && answer.status < 400;
  if (redirected) {
    const to = URL.parse(answer.headers['location'] ?? '', url)?.host ?? 'nowhere';
    return failed(
      shown,
      [`HTTP ${answer.status}: redirects to ${to}`],
      'Give the final address; another host is not followed.',
    );
  }
  if (answer.status !== 200) {
    return failed(shown, [`HTTP ${answer.status}`], 'Check that the address is public and right.');
  }
  const actual = createHash('sha256').update(answer.body, 'utf8').digest('hex');
  if (actual !== sha256) {
    return failed(
      shown,
      [`expected sha256 ${sha256}`, `received sha256 ${actual}`],
      'Look at what changed in the file; only then put the new digest behind #sha256=.',
    );
  }
  return parseManifests(answer.body, shown);
}

async function fetchText(url: string, http: Http): Promise<HttpResponse | string> {
  try {
    return await http.send({ url, redirect: 'same-host', maxBytes });
  } catch (error) {
    if (error instanceof TransportError) return `${error.reason}: ${error.message}`;
    throw error;
  }
}

function failed(shown: string, evidence: readonly string[], hint: string) {
  const what = `The manifest at ${shown} could not be used.`;
  const findings: readonly Finding[] = [
    finding('manifest-invalid', what, { file: shown, evidence, hint }),
  ];
  return { documents: [], findings };
}
