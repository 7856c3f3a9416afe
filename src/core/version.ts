// The version that the program says it is; a test holds it equal to package.json's.
export const version = '1.0.0';
/** Where the project is on github.com; a test holds it equal to package.json's. */
export const project = 'org/webgen-deploy';
