import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** A test that failed, or a file none of whose tests could be run. */
export interface Failure {
  /** Its absolute path. */
  readonly file: string;
  /** Of the test; `undefined`: it is the file. */
  readonly name: string | undefined;
  readonly message: string;
}

/** What a run of vitest came to. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly Failure[];
}

/** As its reporter `json` writes it, as far as it is read. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

/** Reads vitest's report. There is none of a stage without tests, and none, or half of one, when vitest ended before its end. */
export function outcomeIn(path: string): Outcome {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(path, 'utf8')) as Report;
    return { passed: numPassedTests, failed: numFailedTests, failures: testResults.flatMap(failuresOf) };
  } catch {
    return { passed: 0, failed: 0, failures: [] };
  }
}

function failuresOf({ name: file, message, assertionResults }: Report['testResults'][number]): readonly Failure[] {
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  return failed.length === 0 && message !== ''
    ? [{ file, name: undefined, message }]
    : failed.map(({ fullName, failureMessages }) => ({ file, name: fullName, message: failureMessages?.[0] ?? '' }));
}

const FAILURES_SHOWN = 5;
const LINES_SHOWN = 12;

/**
 * The first failures, with the first lines of why. Vitest has told them already, among other output and in full; who sees only the
 * end of a log, as in most forges, sees them here.
 *
 * @param root folder to which the paths of files are told
 */
export function firstOf(failures: readonly Failure[], root: string): readonly string[] {
  const more = failures.length - FAILURES_SHOWN;
  return [
    ...failures.slice(0, FAILURES_SHOWN).map(({ file, name, message }) => {
      const test = name === undefined ? '' : ` > ${name}`;
      return firstLines(`${relative(root, file)}${test}: ${message}`);
    }),
    ...(more > 0 ? [`and ${more} more, above`] : []),
  ];
}

function firstLines(text: string): string {
  const [beforeStack = ''] = stripVTControlCharacters(text).split(/\n\s+at /, 1);
  return beforeStack.split('\n').slice(0, LINES_SHOWN).join('\n  ');
}
