import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** How requests of the Azure CLI begin to tell from whom they are. */
const AZURE_CLI = 'AZURECLI/';

/** A judge of recorded traffic by Microsoft's API definitions, which may lie beside the checkout. */
const JUDGE = resolve(import.meta.dirname, '../../../shared/arm-definitions/validate.py');

/**
 * Judges every recording of a run by Microsoft's own definitions of the resource types.
 *
 * @returns what was done, in a sentence
 * @throws Error with what the judge has found
 */
export function judgeRecordings(folder: string): string {
  const files = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).size > 0);
  if (!existsSync(JUDGE)) {
    return `${files.length} recordings were not judged: Microsoft's definitions are not beside the checkout.`;
  }
  for (const file of files) dropWritesOfAzureCli(file);
  const judged = files.map(judgement).filter((one) => one !== undefined);
  const findings = judged.filter((said) => said !== '');
  if (findings.length > 0) {
    throw new Error(`Microsoft's definitions do not allow what was recorded:\n${findings.join('\n').slice(0, 20_000)}`);
  }
  return [
    `Microsoft's definitions allow all that ${judged.length} recordings hold; ${files.length - judged.length} more hold no request to a resource.`,
    'Not judged: what the Azure CLI itself wrote, and allowCrossTenantDelegationSas in lists of storage accounts, which Azure answers and the definitions lack.',
  ].join('\n');
}

/**
 * Takes out what the Azure CLI wrote. It sends fields back that the definitions leave to the service, which Azure takes and
 * which is no doing of the operator. What the simulator answers to its reads stays, and is judged.
 */
function dropWritesOfAzureCli(file: string): void {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const kept = lines.filter((line) => {
    const { method, requestHeaders } = JSON.parse(line) as {
      readonly method: string;
      readonly requestHeaders: Readonly<Record<string, string>>;
    };
    return method === 'GET' || requestHeaders['user-agent']?.startsWith(AZURE_CLI) !== true;
  });
  if (kept.length < lines.length) writeFileSync(file, kept.map((line) => `${line}\n`).join(''));
}

/** Exit code of the judge for a recording in which there is nothing to judge. */
const NOTHING_TO_READ = 2;

/**
 * What the judge tolerates in an answer with one resource, as recorded answers of Azure have it against its definitions, it
 * does not know in an answer with many.
 */
const RECORDED_OF_ONE = /^value\[\d+\]\.properties\.allowCrossTenantDelegationSas$/;

/** A line of what the judge says. The last one sums up, and has no code. */
interface Finding {
  readonly code?: string;
  readonly where?: string;
}

/** What the judge has found, or `''`; `undefined` where there was nothing to judge. */
function judgement(file: string): string | undefined {
  try {
    execFileSync('python3', [JUDGE, '--json', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return '';
  } catch (error) {
    const { status, stdout = '', stderr } = error as { status?: number | null; stdout?: string; stderr?: string };
    if (status === NOTHING_TO_READ) return undefined;
    return stdout === '' ? stderr || String(error) : findingsOf(stdout).join('\n');
  }
}

/** Of a judge that failed. All that it said, where that names no finding: it did not get to judging. */
function findingsOf(said: string): readonly string[] {
  const lines = said.trimEnd().split('\n');
  const findings = lines
    .map((line) => ({ line, ...(JSON.parse(line) as Finding) }))
    .filter(({ code }) => code !== undefined);
  if (findings.length === 0) return lines;
  return findings
    .filter(({ code, where }) => !(code === 'R-UNKNOWN' && RECORDED_OF_ONE.test(where ?? '')))
    .map(({ line }) => line);
}
