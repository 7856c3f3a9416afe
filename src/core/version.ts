// The program's version; a test keeps it equal to package.json's.
export const version = '1.0.0';
/** The project's repository on github.com; a test keeps it equal to package.json's. */
export const project = 'org/webgen-deploy';
