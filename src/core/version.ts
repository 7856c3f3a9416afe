// The program's version; a test keeps it equal to package.json's.
export const version = '1.0.0';
/** The project's repository on github.com; a test keeps it equal to package.json's. */
export const project = 'org/webgen-deploy';

/** The pages that messages name; a test keeps them equal to what is in docs/. */
export type DocsPage =
  | 'errors'
  | 'guide/start'
  | 'guide/github'
  | 'guide/build'
  | 'guide/scan'
  | 'guide/preview'
  | 'guide/rollback-and-prune'
  | 'guide/terminal'
  | 'guide/troubleshooting'
  | 'reference/commands'
  | 'reference/permissions';

/** The address of a page as the newest release of this major version has it. */
export const docsPage = (page: DocsPage): string =>
  `https://github.com/${project}/blob/v1/docs/${page}.md`;

/** Where a code is explained. */
export const errorPage = (code: string): string => `${docsPage('errors')}#${code}`;
