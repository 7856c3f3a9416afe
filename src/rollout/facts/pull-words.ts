// Classifies the message of a failed image pull: containerd, CRI-O and docker each word it differently.

export type PullTrouble = 'not-found' | 'denied' | 'platform' | 'transient' | 'unknown';

// The first that matches decides. A missing host ("no such host") is not a missing image, and
// docker's "repository does not exist or may require 'docker login': denied" means denied access.
const classes: readonly (readonly [PullTrouble, RegExp])[] = [
  ['transient', /\b429\b|too ?many ?requests|rate limit/i],
  ['transient', /\b50\d\b|bad gateway|service unavailable|gateway time-?out|internal server/i],
  ['transient', /time-?out|timed out|deadline exceeded|\bEOF\b|connection (refused|reset)/i],
  [
    'transient',
    /no such host|name resolution|server misbehaving|no route|unreachable|broken pipe/i,
  ],
  ['transient', /\btls\b|x509|certificate|http: server gave HTTP/i],
  ['denied', /unauthori[sz]ed|denied|forbidden|\b40[13]\b|authentication required|no basic auth/i],
  ['denied', /insufficient_scope|authorization failed|access to the resource/i],
  ['platform', /no match(ing manifest)? for (platform|linux|windows)|no image found .* for arch/i],
  ['not-found', /not ?found|(manifest|name|repository|tag)[ _]unknown|does not exist|\b404\b/i],
];

/** The class of the message; the text of the reference itself is ignored. */
export function pullTroubleOf(message: string, image = ''): PullTrouble {
  const repository = image.replace(/[:@][^/]*$/, '');
  const own = [image, repository].filter((text) => text.length > 3);
  const words = own.reduce((rest, text) => rest.split(text).join(' '), message);
  return classes.find(([, pattern]) => pattern.test(words))?.[0] ?? 'unknown';
}
