// The one bundle behind both entries, so that it is built, compared and shipped once.
export { main } from './main.ts';
export { terminal } from './terminal.ts';
