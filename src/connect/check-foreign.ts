// A kubeconfig from unreviewed files: checked before anything in it is read or started.
import { dirname, resolve } from 'node:path';
import type { RunContext } from '../core/context.ts';
import { throwIfFatal } from '../core/errors.ts';
import { checkKubeconfig, isUntrusted, isWithin } from '../core/guard.ts';
import { leadsOut } from '../core/leads-out.ts';
import type { Files } from '../core/ports.ts';
import { reveal } from '../core/secret.ts';
import { readKubeconfig } from '../inputs/kubeconfig.ts';
import type { Access } from './authenticate.ts';

/** Throws ActionError `event-refused`. `named` is the input's path. */
export async function checkForeign(
  access: Access,
  named: string | undefined,
  { context, files }: { readonly context: RunContext; readonly files: Files },
): Promise<void> {
  if (!access.borrowed || named === undefined || !isUntrusted(context)) return;
  const { workspace } = context;
  const lexical = resolve(workspace, named);
  const isLink =
    isWithin(lexical, resolve(workspace)) && (await leadsOut(lexical, workspace, files));
  const isInside = isWithin(access.path, await files.realPath(workspace));
  const facts = readKubeconfig(reveal(access.kubeconfig));
  const folder = dirname(access.path);
  const outside = (facts?.files ?? []).map(async ({ field, path }) =>
    (await leadsOut(resolve(folder, path), workspace, files)) ? [`${field}: ${path}`] : [],
  );
  const own = isLink ? [`kubeconfig: ${named} is a link`] : [];
  const startsPrograms = facts?.startsPrograms ?? false;
  const reached = [...own, ...(await Promise.all(outside)).flat()];
  const file = { isForeign: isInside || isLink, startsPrograms, outside: reached };
  throwIfFatal(checkKubeconfig(context, file));
}
