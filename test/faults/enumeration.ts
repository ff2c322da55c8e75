import { canBefall, FAULTS, type Fault, type Write } from './disturbance.ts';
import { type LifeOptions, type LifeOutcome, live } from './life.ts';

/** All runs of one life in which one write went wrong. */
export interface Enumeration {
  /** Those of the run without faults that were to go wrong. */
  readonly writes: readonly Write[];
  /** How many runs there were of each fault. */
  readonly runs: ReadonlyMap<Fault, number>;
  /** What was not as in the run without faults: fault and write, and below it what differed. */
  readonly deviations: readonly string[];
  /** Two lines for people. */
  readonly summary: string;
}

/**
 * In CI every write meets every fault. Elsewhere each meets one in so many of them, another one each day, as all of them take
 * two minutes; `CI=true` asks for all.
 */
const ONE_IN = process.env.CI === 'true' ? 1 : 8;
const DAY = Math.floor(Date.now() / 86_400_000);

/** Lives once without faults, and then once for each of those writes and each fault that can befall it. */
export async function enumerateFaults(options: LifeOptions, isMeant: (write: Write) => boolean): Promise<Enumeration> {
  const undisturbed = await live(options);
  const writes = undisturbed.writes.filter(isMeant);
  const runs = new Map<Fault, number>();
  const deviations: string[] = [];
  for (const [number, fault] of FAULTS.entries()) {
    const meets = (write: Write, at: number) => (at + number + DAY) % ONE_IN === 0 && canBefall(write, fault);
    for (const write of writes.filter(meets)) {
      runs.set(fault, (runs.get(fault) ?? 0) + 1);
      const found = await differencesWith(options, { write, fault }, undisturbed.outcome);
      if (found.length > 0) deviations.push([`${fault}, ${nameOf(write)}`, ...found].join('\n  '));
    }
  }
  const total = [...runs.values()].reduce((sum, count) => sum + count, 0);
  const summary = `${undisturbed.writes.length} writes in a life, of which ${writes.length} went wrong here, in ${total} runs:\n${[...runs].map(([fault, count]) => `${count} × ${fault}`).join(', ')}`;
  return { writes, runs, deviations, summary };
}

export function nameOf({ target, method, path, nth }: Write): string {
  return `${target}: ${method} ${path}, number ${nth}`;
}

async function differencesWith(
  options: LifeOptions,
  disturbance: { readonly write: Write; readonly fault: Fault },
  undisturbed: LifeOutcome,
): Promise<readonly string[]> {
  try {
    return differences(undisturbed, (await live(options, disturbance)).outcome);
  } catch (error) {
    return [String(error)];
  }
}

/** What is in one outcome and not in the other, as lines that begin with − or +. */
export function differences(expected: LifeOutcome, found: LifeOutcome): readonly string[] {
  const parts = Object.keys(expected.states);
  const blobs = (count: number) => Array.from({ length: count }, (_, index) => `blob ${index + 1}`);
  return [
    ...parts.flatMap((part) => unmatched(`after the ${part}`, expected.states[part] ?? [], found.states[part] ?? [])),
    ...unmatched('accepted', expected.accepted, found.accepted),
    ...unmatched('stored', blobs(expected.storedBlobs), blobs(found.storedBlobs)),
    ...unmatched('in Kubernetes', expected.history, found.history),
  ];
}

function unmatched(what: string, expected: readonly string[], found: readonly string[]): readonly string[] {
  const left = [...found];
  const missing = expected.filter((each) => {
    const at = left.indexOf(each);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
  return [...missing.map((each) => `${what} − ${each}`), ...left.map((each) => `${what} + ${each}`)];
}
