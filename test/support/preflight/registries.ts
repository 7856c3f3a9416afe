// A run that has no registry of its own, for tests of the preflight.
import type { Registries } from '../../../src/preflight/check.ts';

export const noRegistries: Registries = {
  own: undefined,
  authHost: undefined,
  pushed: new Set(),
  foreign: false,
  login: async () => undefined,
  mask: () => undefined,
};
