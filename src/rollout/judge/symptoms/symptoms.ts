// The table of symptoms: the first row that matches names the cause.
import type { ContainerSymptom, PodSymptom } from '../../facts/judge-context.ts';
import { configSymptoms } from './config.ts';
import { crashSymptoms } from './crash.ts';
import { imageSymptoms } from './image.ts';
import { probeSymptoms } from './probe.ts';
import { scheduleSymptoms } from './schedule.ts';
import { startSymptoms } from './start.ts';
import { surroundingSymptoms } from './surroundings.ts';

const [killedByProbe, neverReady] = [probeSymptoms.slice(0, 1), probeSymptoms.slice(1)];

/** In this order: a container killed by its probe also looks like one that crashes. */
export const containerSymptoms: readonly ContainerSymptom[] = [
  ...imageSymptoms,
  ...configSymptoms,
  ...startSymptoms,
  ...killedByProbe,
  ...crashSymptoms,
  ...neverReady,
];

export const podSymptoms: readonly PodSymptom[] = [...scheduleSymptoms, ...surroundingSymptoms];
