import { closeSync, openSync, readFileSync } from 'node:fs';
import { type Clock, sleep } from '../../src/runtime/clock.ts';
import { type Exit, isFrozen, type SupervisedProcess, startSupervised } from './supervised-process.ts';

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 50;
const STOP_TIMEOUT_MS = 20_000;
/** A restarted server may find its port still held by the one that was killed. */
const START_ATTEMPTS = 3;
const LOG_TAIL_LINES = 15;

/** One running server of the control plane. Every method may be called at any time. */
export interface Component {
  /** Process id of the server that runs now, or ran last. */
  pid(): number;
  /** Ends it as an administrator would (SIGTERM), and waits until it has ended. Paused, it is resumed first. */
  stop(): Promise<void>;
  /** Starts it again with the same flags, ports and data, and waits until it answers. Does nothing when it runs. */
  start(): Promise<void>;
  /** `stop`, then `start`. */
  restart(): Promise<void>;
  /** Ends it without warning (SIGKILL), as a crash or a lost machine does, and waits until it has ended. */
  kill(): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay open and nothing answers. Resolves once all its threads have stopped. */
  pause(): Promise<void>;
  /** Lets a frozen one run on (SIGCONT). */
  resume(): void;
}

export interface ComponentSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** File to which all its output is added. */
  readonly logPath: string;
  /** True once it answers. May throw, which means "not yet". */
  readonly isReady: () => Promise<boolean>;
}

/** A port that was free when it was picked, and is not any more. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

/**
 * Starts a server and waits until it is ready.
 *
 * @throws PortTakenError when another process was faster to take a port
 * @throws Error with the last lines of its log when it ends before it is ready, or is not ready within a minute
 */
export async function startComponent(spec: ComponentSpec, clock: Clock, signal?: AbortSignal): Promise<Component> {
  let running = await startOnce(spec, clock, signal);
  const stop = async () => {
    running.signal('SIGCONT');
    running.signal('SIGTERM');
    const inTime = await settlesWithin(running.exited, STOP_TIMEOUT_MS, clock);
    if (!inTime) await running.kill();
  };
  const start = async () => {
    for (let attempt = 1; running.exit() !== undefined; attempt++) {
      try {
        running = await startOnce(spec, clock, signal);
      } catch (error) {
        if (!(error instanceof PortTakenError) || attempt === START_ATTEMPTS) throw error;
        await sleep(clock, 500);
      }
    }
  };
  return {
    pid: () => running.pid,
    stop,
    start,
    restart: async () => {
      await stop();
      await start();
    },
    kill: () => running.kill(),
    pause: async () => {
      running.signal('SIGSTOP');
      while (running.exit() === undefined && !isFrozen(running.pid)) await sleep(clock, 1);
    },
    resume: () => running.signal('SIGCONT'),
  };
}

async function startOnce(spec: ComponentSpec, clock: Clock, signal?: AbortSignal): Promise<SupervisedProcess> {
  signal?.throwIfAborted();
  const log = openSync(spec.logPath, 'a');
  const started = startSupervised(spec.command, spec.args, { output: log });
  closeSync(log);
  try {
    await untilReady(spec, started, clock, signal);
    return started;
  } catch (error) {
    await started.kill();
    throw error;
  }
}

async function untilReady(spec: ComponentSpec, started: SupervisedProcess, clock: Clock, signal?: AbortSignal) {
  const deadline = clock.monotonic() + READY_TIMEOUT_MS;
  while (!(await spec.isReady().catch(() => false))) {
    const exit = started.exit();
    if (exit !== undefined) throw endedEarly(spec, exit);
    if (clock.monotonic() > deadline) {
      throw new Error(
        `${spec.name} runs but is not ready after ${READY_TIMEOUT_MS / 1000} s. Its last lines:\n${logTail(spec)}`,
      );
    }
    await sleep(clock, READY_POLL_MS, signal);
  }
  // Another server may have answered on a port that ours did not get.
  const exit = started.exit();
  if (exit !== undefined) throw endedEarly(spec, exit);
}

function endedEarly(spec: ComponentSpec, exit: Exit): Error {
  const tail = logTail(spec);
  const how = exit.signal === null ? `with code ${exit.code}` : `by ${exit.signal}`;
  const message = `${spec.name} ended ${how} before it was ready. Its last lines:\n${tail}`;
  return tail.includes('address already in use') ? new PortTakenError(message) : new Error(message);
}

function logTail(spec: ComponentSpec): string {
  const lines = readFileSync(spec.logPath, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES);
  return lines.map((line) => `  ${line}`).join('\n');
}

async function settlesWithin(promise: Promise<unknown>, timeoutMs: number, clock: Clock): Promise<boolean> {
  const cancelled = new AbortController();
  const timeout = sleep(clock, timeoutMs, cancelled.signal).then(
    () => false,
    () => true,
  );
  const result = await Promise.race([promise.then(() => true), timeout]);
  cancelled.abort();
  return result;
}
