import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';

/** What the setup of a service package said last, from its file `status.json` (`docs/gateway-settings.md`). */
export interface SetupReport {
  /** The step it was at, such as `certificate`; a word or two. */
  readonly step: string;
  readonly message: string;
}

const LONGEST_STEP = 60;
const LONGEST_MESSAGE = 400;

/** Where the Custom Script Extension for Windows shows the end of the command's standard output. */
const STANDARD_OUTPUT = 'ComponentStatus/StdOut/';

/**
 * Reads the report out of the instance view of the setup extension: the command prints the file as the last line of its
 * standard output, which Azure shows as a substatus. `undefined` where there is none that can be read.
 */
export function readSetupReport(extension: JsonObject | undefined): SetupReport | undefined {
  const output = textsOf(extension?.substatuses, STANDARD_OUTPUT).join('\n').trim();
  const line = output.slice(output.lastIndexOf('\n') + 1);
  let report: unknown;
  try {
    report = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isJsonObject(report) || typeof report.step !== 'string' || typeof report.message !== 'string') {
    return undefined;
  }
  return { step: report.step.slice(0, LONGEST_STEP), message: report.message.slice(0, LONGEST_MESSAGE) };
}

function textsOf(statuses: JsonValue | undefined, prefix: string): readonly string[] {
  const list = Array.isArray(statuses) ? statuses.filter(isJsonObject) : [];
  return list.flatMap(({ code, message }) =>
    typeof code === 'string' && code.startsWith(prefix) && typeof message === 'string' ? [message] : [],
  );
}
