// The single bundle behind both entries, so that it is built, compared and shipped once.
export { main } from './entry/action.ts';
export { terminal } from './entry/terminal.ts';
