// Extracts one program from a verified archive, and nothing else.
import { chmod, lstat } from 'node:fs/promises';
import { ActionError, finding } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';

/**
 * Extracts the program into a new folder of this run. Only the archive is kept:
 * nobody publishes the digest of what is in it, so an unpacked one could not be checked again.
 */
export async function unpack(
  archive: string,
  member: string,
  ports: Pick<Ports, 'files' | 'shell'>,
): Promise<string> {
  const folder = await ports.files.makeTemp('webgen-deploy-tool-');
  const args = ['-x', '-z', '-o', '-f', archive, '-C', folder, member];
  const { code, stderr } = await ports.shell.run('tar', args, { timeoutMs: 120_000 });
  const path = `${folder}/${member}`;
  const stats = await lstat(path).catch(() => undefined);
  if (code === 0 && stats?.isFile() && stats.nlink === 1) {
    await chmod(path, 0o755);
    return folder;
  }
  await ports.files.remove(folder);
  const what = `${member} is not a regular file in its maker's archive.`;
  const evidence = [`${archive}: ${stderr.trim() || 'another kind of file'}`];
  throw new ActionError(finding('tool-unavailable', what, { evidence }));
}
