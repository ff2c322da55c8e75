import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from './api-error.ts';
import { type WatchEvent, WatchProtocolError, watchEvents } from './watch-stream.ts';

interface Thing {
  readonly note: string;
}

async function* chunks(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((left, right) => left - right);
  let start = 0;
  for (const end of [...ends, bytes.length]) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

async function collect(text: string, cuts: readonly number[] = []) {
  const events: WatchEvent<Thing>[] = [];
  let failure: unknown;
  try {
    for await (const batch of watchEvents<Thing>(chunks(Buffer.from(text), cuts), 'WATCH things')) {
      expect(batch.length).toBeGreaterThan(0);
      events.push(...batch);
    }
  } catch (error) {
    failure = error;
  }
  return { events, failure };
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;
const added = (note: string): WatchEvent<Thing> => ({ type: 'ADDED', object: { note } });

describe('watchEvents', () => {
  it('gives the same events however their bytes are cut, in the middle of a character too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.array(fc.nat({ max: 2_000 })),
        fc.boolean(),
        async (notes, cuts, endsWithin) => {
          const expected = notes.map(added);
          const text = expected.map(line).join('') + (endsWithin ? line(added('never complete')).slice(0, -2) : '');
          expect(await collect(text, cuts)).toEqual({ events: expected, failure: undefined });
        },
      ),
    );
  });

  it('gives what came before an error, then throws it', async () => {
    const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1 (9)' };
    const { events, failure } = await collect(line(added('a')) + line({ type: 'ERROR', object: status }));
    expect(events).toEqual([added('a')]);
    expect(failure).toBeInstanceOf(ApiError);
    expect(failure).toMatchObject({
      status: 410,
      message: 'WATCH things: 410 Expired: too old resource version: 1 (9)',
    });
  });

  it('throws at anything else, without quoting it', async () => {
    for (const text of [
      '{"type":"ADDED","object":\n',
      'secret\n',
      '{"type":"ADDED"}\n',
      '{"type":"X","object":{}}\n',
    ]) {
      const { failure } = await collect(line(added('a')) + text);
      expect(failure).toBeInstanceOf(WatchProtocolError);
      expect(String(failure)).not.toContain(text.trim());
    }
  });
});
