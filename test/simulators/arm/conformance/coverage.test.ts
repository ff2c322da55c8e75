import { describe, expect, it } from 'vitest';
import { ANSWERS, CODES, LEFT_OUT } from './coverage.ts';
import { TABLES } from './index.ts';

const rows = TABLES.flatMap((table) => table.rows);
const covered = new Set<string>(rows.flatMap((row) => row.covers ?? []));

describe('every kind of answer that was found in recordings', () => {
  it.each([...ANSWERS, ...CODES])('has a row, or a reason for having none: %s', (name) => {
    const reason = LEFT_OUT[name];
    expect(covered.has(name)).toBe(reason === undefined);
    if (reason !== undefined) expect(reason).toMatch(/^[A-Z].{20,}\.$/);
  });

  it('is shown by the rows that say so: a code comes with its status', () => {
    const unfounded = rows.flatMap((row) =>
      (row.covers ?? [])
        .filter((name) => (CODES as readonly string[]).includes(name))
        .filter((name) => !shows(row.steps, name))
        .map((name) => `${row.name}: ${name}`),
    );
    expect(unfounded).toEqual([]);
  });
});

/** Whether a step expects the status and the code of `429 RetryableError` or `failed operation Conflict`. */
function shows(steps: (typeof rows)[number]['steps'], name: string): boolean {
  const code = name.split(' ').at(-1) ?? '';
  const status = name.startsWith('failed') ? 200 : Number(name.split(' ')[0]);
  return steps.some(
    (step) => 'ask' in step && step.answer.status === status && JSON.stringify(step.answer.body).includes(`"${code}"`),
  );
}

describe('rows', () => {
  it('have names of their own and say where they are from', () => {
    for (const { title, rows: own } of TABLES) {
      expect(new Set(own.map((row) => row.name)).size, title).toBe(own.length);
    }
    for (const { name, source } of rows) {
      expect(source, name).toMatch(/^(Azure\/[\w-]+ |documentation: |not recorded: |the issues? |the tests of )/);
    }
  });
});
