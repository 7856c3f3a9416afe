// Everything of ours that reads what others write, by name.

import type { Targets } from './target.ts';
import { clusterTargets } from './targets/cluster.ts';
import { fileTargets } from './targets/files.ts';
import { inputTargets } from './targets/inputs.ts';
import { programTargets } from './targets/programs.ts';
import { serviceTargets } from './targets/services.ts';
import { textTargets } from './targets/text.ts';
import { workflowTargets } from './targets/workflows.ts';

export const targets: Targets = {
  ...inputTargets,
  ...fileTargets,
  ...clusterTargets,
  ...serviceTargets,
  ...programTargets,
  ...textTargets,
  ...workflowTargets,
};
