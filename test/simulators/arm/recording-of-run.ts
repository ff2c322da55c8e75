import { join } from 'node:path';

/** Names the folder in which a test run collects the recordings of all its simulators. */
export const RECORDINGS_VARIABLE = 'CMG_OPERATOR_TEST_RECORDINGS';

let simulators = 0;

/** A file of its own for a simulator that starts now; `undefined` where nobody collects. */
export function recordingOfRun(): string | undefined {
  const folder = process.env[RECORDINGS_VARIABLE];
  if (!folder) return undefined;
  simulators += 1;
  return join(folder, `${process.pid}-${simulators}.jsonl`);
}
