import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../test/cluster/temporary-directory.ts';
import { type Failure, firstOf, outcomeIn } from './vitest-report.ts';

function written(text: string): string {
  const folder = makeTemporaryDirectory();
  onTestFinished(() => removeTemporaryDirectory(folder));
  const path = join(folder, 'report.json');
  writeFileSync(path, text);
  return path;
}

const REPORT = JSON.stringify({
  numPassedTests: 7,
  numFailedTests: 1,
  testResults: [
    { name: '/p/src/whole.test.ts', message: '', assertionResults: [{ status: 'passed', fullName: 'one' }] },
    {
      name: '/p/src/half.test.ts',
      message: '',
      assertionResults: [
        { status: 'passed', fullName: 'two', failureMessages: [] },
        { status: 'failed', fullName: 'a page says so', failureMessages: ['It does not.\n    at /p/src/half.ts:1:2'] },
      ],
    },
    { name: '/p/src/broken.test.ts', message: 'Cannot find module', assertionResults: [] },
  ],
});

describe('the report of vitest', () => {
  it('tells how many passed and failed, and which, files that could not be run included', () => {
    const { failures, ...counts } = outcomeIn(written(REPORT));
    expect(counts).toEqual({ passed: 7, failed: 1 });
    expect(firstOf(failures, '/p')).toEqual([
      'src/half.test.ts > a page says so: It does not.',
      'src/broken.test.ts: Cannot find module',
    ]);
  });

  it.each([
    ['there is none', () => '/nowhere/report.json'],
    ['vitest ended while it wrote it', () => written(REPORT.slice(0, -9))],
  ])('tells nothing where %s', (_, path) => {
    expect(outcomeIn(path())).toEqual({ passed: 0, failed: 0, failures: [] });
  });

  it('is told in a few lines, however much failed', () => {
    const failure = (number: number): Failure => ({
      file: '/p/a.test.ts',
      name: `${number}`,
      message: '\u001b[31mred\u001b[39m\n'.repeat(40),
    });
    const told = firstOf([1, 2, 3, 4, 5, 6, 7].map(failure), '/p');
    expect(told).toHaveLength(6);
    expect(told[0]?.split('\n')).toEqual(['a.test.ts > 1: red', ...Array<string>(11).fill('  red')]);
    expect(told.at(-1)).toBe('and 2 more, above');
  });
});
