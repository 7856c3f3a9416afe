// The scanner's report as it is stored: SARIF and SBOM are made from it, and people upload it.

import { withoutSecrets } from '../core/redaction/values.ts';
import { isFields } from '../kube/json.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Trivy's JSON without known secrets and, for the secrets that it found itself, without the lines that
 * contain them: it masks its match, but not the rest of the line. Throws if it is not JSON.
 */
export function keptReport(json: string): string {
  const report: unknown = JSON.parse(json);
  if (!isFields(report) || !Array.isArray(report['Results'])) return json;
  const results = report['Results'].map((each: unknown) =>
    isFields(each) ? withoutLines(each) : each,
  );
  return JSON.stringify(withoutSecrets({ ...report, Results: results }), undefined, 2);
}

function withoutLines(result: Fields): Fields {
  const { Secrets: found, ExperimentalModifiedFindings: accepted } = result;
  return {
    ...result,
    ...(Array.isArray(found) ? { Secrets: found.map(withoutLine) } : {}),
    ...(Array.isArray(accepted)
      ? {
          ExperimentalModifiedFindings: accepted.map((each: unknown) =>
            isFields(each) && each['Type'] === 'secret'
              ? { ...each, Finding: withoutLine(each['Finding']) }
              : each,
          ),
        }
      : {}),
  };
}

function withoutLine(found: unknown): unknown {
  if (!isFields(found)) return found;
  const { Code: _, ...rest } = found;
  return { ...rest, Match: '' };
}
