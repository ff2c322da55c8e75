import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Explored, Found } from './exploration.ts';
import { type Matrix, sumOf } from './matrix.ts';
import type { ScopeName } from './scopes.ts';

/** What the whole bounded model came to. */
export interface WholeModel {
  /** Different states, modulo the passing of time. */
  readonly states: number;
  readonly transitions: number;
  readonly found: readonly Found[];
  readonly matrix: Matrix;
  /** Changes of phase that a reconcile made. */
  readonly changes: ReadonlySet<string>;
  readonly seconds: number;
}

/** The largest one first, so that two threads end at about the same time. */
const WHOLE: readonly ScopeName[] = ['faults', 'rollbacks', 'decisions', 'faultsAlone', 'decisionsAlone'];

/** What else is explored where there is time: two decisions from the first moment on, and objects of their own on the site. */
const BEYOND: readonly ScopeName[] = ['beginnings', 'faultsApart', 'rollbacksApart'];

const THREADS = 2;

/** Explores every scope of the bounded model, in two threads. */
export function exploreWholeModel(): Promise<WholeModel> {
  return exploreScopes(WHOLE);
}

/**
 * The same from the first moment of a CMG on; and of one alone, whose connection points and boundary groups follow what it tells, each at
 * a time of its own.
 */
export function exploreBeyond(): Promise<WholeModel> {
  return exploreScopes(BEYOND);
}

async function exploreScopes(scopes: readonly ScopeName[]): Promise<WholeModel> {
  const begun = performance.now();
  const open = [...scopes];
  const parts = (await Promise.all(Array.from({ length: THREADS }, () => exploreInTurn(open)))).flat();
  const states = new Set<string>();
  for (const part of parts) {
    for (const key of part.states) states.add(key);
  }
  return {
    states: states.size,
    transitions: parts.reduce((sum, { transitions }) => sum + transitions, 0),
    found: parts.flatMap(({ found }) => found),
    matrix: sumOf(parts.map(({ matrix }) => matrix)),
    changes: new Set(parts.flatMap(({ changes }) => [...changes])),
    seconds: (performance.now() - begun) / 1000,
  };
}

/** Explores one scope after the other of those that nobody has begun. */
async function exploreInTurn(open: ScopeName[]): Promise<readonly Explored[]> {
  const explored: Explored[] = [];
  for (let scope = open.shift(); scope !== undefined; scope = open.shift()) {
    explored.push(await exploreInThread(scope));
  }
  return explored;
}

async function exploreInThread(scope: ScopeName): Promise<Explored> {
  const worker = new Worker(new URL('./explorer-worker.ts', import.meta.url), { workerData: { scope } });
  // `once` also rejects with the error of a thread that fails.
  const [explored] = (await once(worker, 'message')) as [Explored];
  await worker.terminate();
  return explored;
}
