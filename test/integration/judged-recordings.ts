import { execFile } from 'node:child_process';
import { createReadStream, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { distinctExchanges, type RecordedExchange } from '../simulators/arm/distinct-exchanges.ts';

const run = promisify(execFile);

/** How requests of the Azure CLI begin to tell from whom they are. */
const AZURE_CLI = 'AZURECLI/';

/** A judge of recorded traffic by Microsoft's API definitions, which may lie beside the checkout. */
const JUDGE = resolve(import.meta.dirname, '../../../shared/arm-definitions/validate.py');

/**
 * Judges every recording of a run by Microsoft's own definitions of the resource types; of exchanges that are alike, one. Leaves
 * the event loop free meanwhile: Vitest waits in it for its workers to end, and would take them for stuck.
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
  const { all, distinct } = await exchangesIn(files);
  const findings = (await Promise.all(shared(folder, distinct).map(findingsIn))).flat();
  if (findings.length > 0) {
    throw new Error(`Microsoft's definitions do not allow what was recorded:\n${findings.join('\n').slice(0, 20_000)}`);
  }
  return [
    `Microsoft's definitions allow all that ${files.length} recordings hold: ${all} exchanges, of which ${distinct.length} are not like another one.`,
    'Not judged: what the Azure CLI itself wrote, and allowCrossTenantDelegationSas in lists of storage accounts, which Azure answers and the definitions lack.',
  ].join('\n');
}

/**
 * What is to be judged, a line each. Without what the Azure CLI wrote: it sends fields back that the definitions leave to the
 * service, which Azure takes and which is no doing of the operator. What the simulator answers to its reads is judged.
 */
async function exchangesIn(files: readonly string[]) {
  const isDistinct = distinctExchanges();
  const distinct: string[] = [];
  let all = 0;
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      const exchange = JSON.parse(line) as RecordedExchange;
      if (exchange.method !== 'GET' && String(exchange.requestHeaders['user-agent']).startsWith(AZURE_CLI)) continue;
      all += 1;
      if (isDistinct(exchange)) distinct.push(line);
    }
  }
  return { all, distinct };
}

/** The lines in as many files as there are processors, by turns. */
function shared(folder: string, lines: readonly string[]): readonly string[] {
  const parts = availableParallelism();
  return Array.from({ length: parts }, (_, part) => lines.filter((_, at) => at % parts === part))
    .filter(({ length }) => length > 0)
    .map((part, index) => {
      const file = join(folder, `to-judge-${index}.jsonl`);
      writeFileSync(file, part.map((line) => `${line}\n`).join(''));
      return file;
    });
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

/** What the judge has found in a recording, a line each. */
async function findingsIn(file: string): Promise<readonly string[]> {
  try {
    await run('python3', [JUDGE, '--json', file], { encoding: 'utf8', maxBuffer: MOST_SAID });
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
