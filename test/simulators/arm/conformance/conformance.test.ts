import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createInProcessStage } from './in-process-stage.ts';
import { TABLES } from './index.ts';
import { replay } from './replay.ts';
import { needsWire } from './row.ts';
import { startWireStage, type WireStage } from './wire-stage.ts';

describe.each(TABLES.map((table) => [table.title, table.rows.filter((row) => !needsWire(row))] as const))(
  'as recorded: %s',
  (_title, rows) => {
    it.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
      succeed(await replay(row, createInProcessStage()));
    });
  },
);

describe('as recorded, over TLS', () => {
  let stage: WireStage;

  beforeAll(async () => {
    stage = await startWireStage();
  });
  beforeEach(() => stage.renew());
  afterAll(() => stage[Symbol.asyncDispose]());

  it.each(TABLES.flatMap(({ title, rows }) => rows.map((row) => [`${title}: ${row.name}`, row] as const)))(
    '%s',
    async (_name, row) => {
      succeed(await replay(row, stage));
      expect(stage.complaints).toEqual([]);
    },
  );
});

/** The whole of what differed is the message of a failure. */
function succeed(problem: string): void {
  if (problem !== '') expect.fail(problem);
}
