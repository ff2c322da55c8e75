import { Registry } from 'prom-client';
import { readConfig } from '../../src/config.ts';
import { runOperator } from '../../src/operator.ts';
import type { ResolveName } from '../../src/probe/resolve-name.ts';
import type { Dial } from '../../src/probe/tls-probe.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { loadKubeConfig } from '../../src/runtime/kube-config.ts';
import type { Logger } from '../../src/runtime/logger.ts';
import type { ManagerOutcome } from '../../src/runtime/manager.ts';
import type { Random } from '../../src/runtime/random.ts';
import type { SimulatedWorld } from './simulated-world.ts';

export interface OperatorUnderTestOptions {
  readonly kubeconfigPath: string;
  readonly world: { readonly azure: Pick<SimulatedWorld['azure'], 'url' | 'clock' | 'cloud'> };
  readonly logger: Logger;
  /** Time of the gateways; that of the simulated Azure by default. */
  readonly clock?: Clock;
  /** Time by which it is judged whether a gateway tells too much in events. Default: the machine's. */
  readonly eventPace?: Clock;
  readonly random?: Random;
  /** How gateways are reached, in a world that has them. */
  readonly dial?: Dial;
  /** DNS, in a world that has gateways. Default: that of the machine. */
  readonly resolveName?: ResolveName;
  /** Further flags, such as `--drift-interval`, `1m`. */
  readonly flags?: readonly string[];
}

/** The operator, run in this process as the composition root would run it. */
export interface OperatorUnderTest {
  readonly port: number;
  /** The metrics that it serves at that port. */
  readonly registry: Registry;
  /** Ends it as SIGTERM does. */
  stop(): Promise<ManagerOutcome>;
}

/** Starts the operator against the simulated Azure and waits until it works. */
export async function startOperatorUnderTest(options: OperatorUnderTestOptions): Promise<OperatorUnderTest> {
  const { world, logger, kubeconfigPath, flags = [] } = options;
  const basics = ['--installation-id', 'test', '--leader-elect', 'false', '--http-bind-address', '127.0.0.1:0'];
  // Where no process stands behind a VM, there is nothing to connect to.
  const probe = options.dial === undefined ? ['--gateway-probe', 'AzureOnly'] : [];
  const outcome = readConfig([...basics, ...probe, ...flags], {});
  if (outcome.kind !== 'Run') {
    throw new Error(`Wrong flags for the operator: ${JSON.stringify(outcome)}`);
  }
  const stop = new AbortController();
  const registry = new Registry();
  const listening = Promise.withResolvers<number>();
  const started = Promise.withResolvers<void>();
  const running = runOperator(
    {
      config: outcome.config,
      version: 'test',
      kubeConfig: loadKubeConfig(kubeconfigPath),
      cloudOverrides: {
        [world.azure.cloud.name]: { resourceManagerEndpoint: world.azure.url, authorityHost: world.azure.url },
      },
      logger,
      clock: options.clock ?? world.azure.clock,
      ...(options.eventPace === undefined ? {} : { eventPace: options.eventPace }),
      ...(options.dial === undefined ? {} : { dial: options.dial }),
      ...(options.resolveName === undefined ? {} : { resolveName: options.resolveName }),
      ...(options.random === undefined ? {} : { random: options.random }),
      registry,
      onListening: listening.resolve,
      onStarted: started.resolve,
    },
    stop.signal,
  );
  const failed = running.then((ended) => {
    throw new Error(`The operator has ended: ${ended.kind === 'Failed' ? String(ended.error) : ended.kind}`);
  });
  failed.catch(() => {});
  const port = await Promise.race([listening.promise, failed]);
  await Promise.race([started.promise, failed]);
  return {
    port,
    registry,
    stop: () => {
      stop.abort(new Error('The test is over.'));
      return running;
    },
  };
}
