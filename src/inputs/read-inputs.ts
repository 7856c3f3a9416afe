// Strings come in once and become typed `Inputs`; every problem is collected before it fails.
import { type Command, commands } from '../core/commands.ts';
import type { RunContext } from '../core/context.ts';
import { defined } from '../core/defined.ts';
import type { Finding } from '../core/errors.ts';
import { invalid } from '../core/readers.ts';
import type { ScanMode } from '../scan/result.ts';
import { askedTool, catalog, toolNames } from '../tools/catalog.ts';
import { type ReadFields, readFields, type Values } from './fields.ts';
import { nameImages } from './images.ts';
import { manyLineFindings } from './many-lines.ts';
import { exposedIn, maskingNotes, secretsToMask } from './mask.ts';
import { plainInputs } from './plain-inputs.ts';
import { type RawInputs, undeclared } from './raw.ts';
import { chooseRegistry, takesIamToken } from './registry.ts';
import { chooseTarget } from './target.ts';
import type { Inputs } from './types.ts';
import { type Facts, findWork } from './work.ts';

export interface ReadInputs {
  /** Absent when a finding is fatal. */
  readonly inputs?: Inputs;
  /** Fatal ones, warnings and notes; every problem at once. */
  readonly findings: readonly Finding[];
}

/** Reads every input, then checks the rules between them. Pure: `facts` is what the caller saw. */
export function readInputs(raw: RawInputs, context: RunContext, facts: Facts): ReadInputs {
  const read = readFields(raw);
  // With a wrong command nobody knows what is needed, so only what is given is judged.
  const known = !read.wrong.has('command');
  const required = known && commands[read.values.command].needsCluster;
  const { defaultKubeconfig } = facts;
  const chosen = chooseTarget(read, {
    on: context.on,
    required,
    defaultKubeconfig,
    opensRegistry: takesIamToken(read),
  });
  const pushing = chooseRegistry(read, chosen.credentials);
  const named = nameImages(read, context);
  const work = findWork(read, context, { ...facts, known });
  const scanning = chooseScan(read, {
    builds: pushing.build !== undefined,
    hasTarget: chosen.target !== undefined,
    hasWork:
      pushing.build !== undefined ||
      work.value.manifests.length > 0 ||
      Object.keys(named.images).length > 0,
  });
  const findings = [
    ...undeclared(raw),
    ...read.findings,
    ...chosen.findings,
    ...pushing.findings,
    ...exposedIn(pushing.build?.images ?? [], secretsToMask(raw)),
    ...named.findings,
    ...work.findings,
    ...scanning.findings,
    ...toolFindings(read.values, required || chosen.target !== undefined),
    ...maskingNotes(raw),
    ...manyLineFindings(raw, context, holderOf(read.values.command, work.value.environment)),
  ];
  if (findings.some(({ severity }) => severity === 'fatal')) return { findings };
  const { images } = named;
  const { findings: _, ...pushed } = pushing;
  const target = defined({ target: chosen.target });
  const { scan } = scanning;
  const { variables = {}, secrets = [] } = read.values;
  const plain = { ...plainInputs(read.values), variables, secrets };
  return { findings, inputs: { ...plain, ...work.value, images, ...target, ...pushed, scan } };
}

/** GitHub's environment that holds the secrets: a preview has one of its own, as `init` writes it. */
const holderOf = (command: Command, environment: string): string =>
  command === 'diff' ? 'pr-check' : environment;

interface ScanChoice {
  readonly scan: 'off' | ScanMode;
  readonly findings: readonly Finding[];
}

interface ScanRules {
  readonly builds: boolean;
  readonly hasTarget: boolean;
  /** Images or manifests are given. */
  readonly hasWork: boolean;
}

/**
 * `report` where something is built or the command is `scan`, else nothing; and what is wrong. A
 * preview builds nothing.
 */
function chooseScan({ values, wrong }: ReadFields, rules: ScanRules): ScanChoice {
  const { command, 'scan-baseline': baseline } = values;
  const builds = rules.builds && command !== 'diff';
  const standard = builds || command === 'scan' ? 'report' : 'off';
  const scan = commands[command].scans ? (values.scan ?? standard) : 'off';
  const findings: Finding[] = [];
  if (command === 'scan' && scan === 'off' && !wrong.has('scan')) {
    const hint = 'Leave `scan` out, or set it to report or gate.';
    findings.push(invalid('scan', 'is `off`, and so is the whole command `scan`', hint));
  }
  if (command === 'scan' && !rules.hasWork) {
    const hint = 'Give `images`, `build` or `manifests`.';
    findings.push(invalid('images', 'is missing, and nothing else says what to scan', hint));
  }
  if (baseline && scan !== 'off' && !rules.hasTarget) {
    const hint = 'Give the cluster whose running images count as known.';
    findings.push(invalid('scan-baseline', 'needs a cluster to compare with', hint));
  }
  return { scan, findings };
}

function toolFindings(values: Values, cluster: boolean): readonly Finding[] {
  const versions = plainInputs(values);
  return toolNames.flatMap((name) => {
    const input = `${name}-version`;
    const { asked: version, sha256 } = askedTool(name, versions);
    const findings: Finding[] = [];
    if (sha256 && ['auto', 'none'].includes(version)) {
      const hint = 'Give both, or leave the digest out.';
      findings.push(invalid(`${name}-sha256`, `needs an exact \`${input}\` beside it`, hint));
    }
    const why = catalog[name].refused?.[version];
    if (why !== undefined) {
      const hint = `Set ${input}: auto. Where it ran, replace every secret of that machine.`;
      findings.push(invalid(input, `is ${version}, which ${why}`, hint));
    }
    if (version === 'match-cluster' && !cluster) {
      const what = 'is `match-cluster`, but no cluster is given';
      findings.push(invalid(input, what, 'Give a cluster, or a version.'));
    }
    return findings;
  });
}
