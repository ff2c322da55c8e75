import { expect, test } from 'vitest';
import { watchFleet } from './fleet.ts';

const HOURS_BEFORE_THE_GATE_MAY_OPEN = 24;

/** What a step shows, as lines. */
async function shown(): Promise<{ readonly lines: readonly string[]; readonly result: string }> {
  const lines: string[] = [];
  let result = '';
  const screen = {
    step: () => {},
    show: (news: readonly string[]) => void lines.push(...news),
    done: (text: string) => {
      result = text;
    },
    failed: () => {},
    print: () => {},
  };
  await watchFleet({ screen, signal: new AbortController().signal }, 'granitefalls.contoso.com');
  return { lines, result };
}

test('the clients learn of the gateway hour by hour, until the gate is open after more than a day', async () => {
  const { lines, result } = await shown();
  const hours = lines.map((line) => {
    const [, hour, known, of, gate] = /^hour (\d+): (\d+) of (\d+) .*; the gate is (.+)$/.exec(line) ?? [];
    return { hour: Number(hour), known: Number(known), of: Number(of), gate };
  });
  expect(hours.map(({ hour }) => hour)).toEqual(hours.map((_, place) => place + 1));
  expect(hours.length).toBeGreaterThan(HOURS_BEFORE_THE_GATE_MAY_OPEN);
  const gates = hours.map(({ gate }) => gate);
  expect(
    gates
      .slice(0, HOURS_BEFORE_THE_GATE_MAY_OPEN - 1)
      .every((gate) => gate === 'shut for the first day, whoever has moved'),
  ).toBe(true);
  expect(gates.indexOf('open')).toBe(gates.length - 1);
  const [first, last] = [hours[0], hours.at(-1)];
  expect(first?.known).toBeLessThan((first?.of ?? 0) * 0.1);
  expect(last?.known).toBeGreaterThanOrEqual((last?.of ?? 0) * 0.95);
  expect(result).toContain('0 were cut off');
});
