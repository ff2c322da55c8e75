import { expect, test } from 'vitest';
import type { JsonObject } from '../json.ts';
import { readSetupReport } from './setup-report.ts';

const extension = (output: string): JsonObject => ({
  name: 'setup',
  substatuses: [
    { code: 'ComponentStatus/StdOut/succeeded', message: output },
    { code: 'ComponentStatus/StdErr/succeeded', message: '{"step": "stderr", "message": "not this"}' },
  ],
});

test('a setup report is the last line of the standard output', () => {
  const output =
    'Unpacking …\n{"step": "settings", "message": "old"}\r\n{"step": "certificate", "state": "Failed", "message": "no key"}\n';
  expect(readSetupReport(extension(output))).toEqual({ step: 'certificate', message: 'no key' });
});

test.each([
  ['no extension', undefined],
  ['no substatuses', { name: 'setup' }],
  ['no output', extension('')],
  ['something else', extension('done')],
  ['JSON of another kind', extension('["certificate"]')],
  ['a report without a message', extension('{"step": "certificate"}')],
])('%s is no report', (_what, view) => {
  expect(readSetupReport(view)).toBeUndefined();
});

test('a report is cut to what a condition can hold', () => {
  const report = readSetupReport(extension(JSON.stringify({ step: 's'.repeat(1000), message: 'm'.repeat(10_000) })));
  expect(report).toEqual({ step: 's'.repeat(60), message: 'm'.repeat(400) });
});
