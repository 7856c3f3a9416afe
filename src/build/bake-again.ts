// Retries a bake where that may help: a transient registry error, a token that expired meanwhile.
import { ActionError } from '../core/errors.ts';
import { type Bake, type Baked, BakeFailure, bake } from './bake.ts';
import type { Building } from './building.ts';
import { imageSpans } from './narrate-build.ts';
import type { Progress } from './progress.ts';

/** Delays before the second and the third attempt, milliseconds. */
const pausesMs = [2_000, 5_000] as const;

/** A retry finds what was built in the builder's cache. Throws `BakeFailure`. */
export async function bakeAgain(request: Bake, building: Building): Promise<Baked> {
  const pauses = [...pausesMs];
  let renewed = false;
  for (;;) {
    const result = await attempt(request, building);
    addTimings(result.progress, request, building);
    if (!(result instanceof BakeFailure)) return result;
    await askRegistry(result, request, building);
    const { passing } = result;
    const pause = passing ? pauses.shift() : undefined;
    if (pause !== undefined) await rest(result, pause, building);
    else if (!renewed && (await mayRenew(result, building))) renewed = true;
    else throw result;
  }
}

async function attempt(request: Bake, { buildx }: Building): Promise<Baked | BakeFailure> {
  try {
    return await bake(request, buildx);
  } catch (error) {
    if (error instanceof BakeFailure) return error;
    throw error;
  }
}

/** A push failed and BuildKit was given no reason: asking the registry directly may give one. */
async function askRegistry(failure: BakeFailure, request: Bake, { registry }: Building) {
  const [{ code, evidence }] = failure.findings;
  if (code !== 'registry-unreachable') return;
  for (const repository of request.repositories) {
    const said = await registry.client.checkPush(repository).catch((error: unknown) => error);
    if (!(said instanceof ActionError)) continue;
    const [finding] = said.findings;
    if (finding.code === code) continue;
    throw new ActionError({ ...finding, evidence: [...finding.evidence, ...evidence.slice(0, 1)] });
  }
}

async function rest({ findings: [{ code, what }] }: BakeFailure, ms: number, { buildx }: Building) {
  const { clock, log } = buildx.ports;
  log.info(`${code}: ${what} It is tried again in ${ms / 1000} s.`);
  await clock.sleep(ms, buildx.signal);
}

/** A token may expire during a long build; a password is never tried twice. */
async function mayRenew({ findings: [{ code }] }: BakeFailure, { registry, buildx }: Building) {
  if (code !== 'registry-unauthenticated' || !(await registry.renew())) return false;
  buildx.ports.log.info(`${code}: it is tried again with a new token`);
  return true;
}

function addTimings(progress: Progress, { targets }: Bake, { onTiming }: Building): void {
  for (const { image, build, push } of imageSpans(progress, targets)) {
    onTiming({ section: 'build', name: image, ...build });
    if (push) onTiming({ section: 'build', name: `push ${image}`, ...push });
  }
}
