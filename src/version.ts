// What the program says of itself; a test holds both equal to package.json's.
export const version = '1.0.0';
/** Its repository on github.com, as `uses:` names it. */
export const project = 'org/webgen-deploy';
