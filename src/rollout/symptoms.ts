// The table of symptoms: the first row that sees something names the cause.
import type { ContainerSymptom, PodSymptom } from './sight.ts';
import { configSymptoms } from './symptoms/config.ts';
import { crashSymptoms } from './symptoms/crash.ts';
import { imageSymptoms } from './symptoms/image.ts';
import { probeSymptoms } from './symptoms/probe.ts';
import { scheduleSymptoms } from './symptoms/schedule.ts';
import { startSymptoms } from './symptoms/start.ts';
import { surroundingSymptoms } from './symptoms/surroundings.ts';

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
