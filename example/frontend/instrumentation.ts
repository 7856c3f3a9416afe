// Runs once at the start of the server, and for every error of a request.
import { log } from './lib/log.ts';

export function register(): void {
  log('info', 'started');
}

export function onRequestError(error: unknown, request: { path: string; method: string }): void {
  log('error', String(error), { path: request.path, method: request.method });
}
