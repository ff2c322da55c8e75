import { connect } from 'node:net';
import { type Clock, systemClock } from '../../../src/runtime/clock.ts';

/** The load balancer's look at one VM, again and again. */
export interface HealthProbe {
  /** What it has found last. */
  readonly healthy: boolean;
  /** Forgets what it has found: the VM has gone down. */
  reset(): void;
  stop(): void;
}

/** What is asked, as the load balancer has it now. */
export interface ProbePlan {
  /** Simulated milliseconds between two looks. */
  readonly intervalMs: number;
  /** Failures in a row that take a VM out. One success brings it back. */
  readonly failures: number;
  /** Port of 127.0.0.1; `undefined` when the network lets no probe through or nothing listens. */
  readonly localPort: number | undefined;
}

/** However fast simulated time runs, this machine has other things to do. */
const SHORTEST_PAUSE_MS = 50;

/** Azure waits as long as the interval; a process on this machine answers at once or not at all. */
const CONNECT_LIMIT_MS = 5000;

/** Begins to look, at once. `plan` says `undefined` where nothing probes: then the VM counts as healthy. */
export function startHealthProbe(clock: Clock, plan: () => ProbePlan | undefined, onChange: () => void): HealthProbe {
  let healthy = false;
  let failed = 0;
  let epoch = 0;
  let stopped = false;
  let cancel = () => {};

  const found = (isUp: boolean, most: number) => {
    failed = isUp ? 0 : failed + 1;
    const before = healthy;
    healthy = isUp || (healthy && failed < most);
    if (healthy !== before) onChange();
  };
  const look = async () => {
    const begun = epoch;
    const { localPort, failures, intervalMs } = plan() ?? { localPort: undefined, failures: 1, intervalMs: 15_000 };
    const isUp = plan() === undefined || (localPort !== undefined && (await accepts(localPort)));
    if (stopped) return;
    if (begun === epoch) found(isUp, failures);
    const cancelPause = systemClock.schedule(SHORTEST_PAUSE_MS, () => {
      cancel = clock.schedule(intervalMs - SHORTEST_PAUSE_MS, () => void look());
    });
    cancel = cancelPause;
  };
  void look();
  return {
    get healthy() {
      return healthy;
    },
    reset: () => {
      epoch += 1;
      failed = 0;
      if (!healthy) return;
      healthy = false;
      onChange();
    },
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}

function accepts(localPort: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: localPort, timeout: CONNECT_LIMIT_MS });
    const end = (isUp: boolean) => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
