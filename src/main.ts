// Composition root of the action.
import * as core from '@actions/core';
export async function main(): Promise<void> {
  core.info('webgen-deploy');
  if (process.env['X']) {
    const { load } = await import('./platform/x.ts');
    await load();
  }
}
