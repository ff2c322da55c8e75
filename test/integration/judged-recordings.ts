import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How requests of the Azure CLI begin to tell from whom they are. */
const AZURE_CLI = 'AZURECLI/';

/** A judge of recorded traffic by Microsoft's API definitions, which may lie beside the checkout. */
const JUDGE = resolve(import.meta.dirname, '../../../shared/arm-definitions/validate.py');

/**
 * Judges every recording of a run by Microsoft's own definitions of the resource types. Leaves the event loop free meanwhile:
 * Vitest waits in it for its workers to end, and would take them for stuck.
 *
 * @returns what was done, in a sentence
 * @throws Error with what the judge has found
 */
export async function judgeRecordings(folder: string): Promise<string> {
  const files = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).size > 0);
  if (!existsSync(JUDGE)) {
    return `${files.length} recordings were not judged: Microsoft's definitions are not beside the checkout.`;
  }
  for (const file of files) dropWritesOfAzureCli(file);
  const findings = (await Promise.all(shared(files).map(findingsIn))).flat();
  if (findings.length > 0) {
    throw new Error(`Microsoft's definitions do not allow what was recorded:\n${findings.join('\n').slice(0, 20_000)}`);
  }
  return [
    `Microsoft's definitions allow all that ${files.length} recordings hold.`,
    'Not judged: what the Azure CLI itself wrote, and allowCrossTenantDelegationSas in lists of storage accounts, which Azure answers and the definitions lack.',
  ].join('\n');
}

/** In as many parts as there are processors. The judge reads the definitions first, which takes it longer than a recording. */
function shared(files: readonly string[]): readonly (readonly string[])[] {
  const parts = availableParallelism();
  return Array.from({ length: parts }, (_, part) => files.filter((_, at) => at % parts === part)).filter(
    ({ length }) => length > 0,
  );
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

/** What the judge complains of where recordings hold no request to a resource. */
const NOTHING_TO_READ = /^no exchanges/;

/** More than it ever says, in bytes. */
const MOST_SAID = 64 * 1024 ** 2;

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

/** What the judge has found in recordings, a line each. */
async function findingsIn(files: readonly string[]): Promise<readonly string[]> {
  try {
    await run('python3', [JUDGE, '--json', ...files], { encoding: 'utf8', maxBuffer: MOST_SAID });
    return [];
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    if (stdout !== '') return findingsOf(stdout);
    return NOTHING_TO_READ.test(stderr) ? [] : [stderr || String(error)];
  }
}

/** Of a judge that failed. All that it said, where that names no finding: it did not get to judging. */
function findingsOf(said: string): readonly string[] {
  const lines = said.trimEnd().split('\n');
  const findings = lines
    .map((text) => ({ ...(JSON.parse(text) as Finding), text }))
    .filter(({ code }) => code !== undefined);
  if (findings.length === 0) return lines;
  return findings
    .filter(({ code, where }) => !(code === 'R-UNKNOWN' && RECORDED_OF_ONE.test(where ?? '')))
    .map(({ text }) => text);
}
