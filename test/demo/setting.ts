import type { Registry } from 'prom-client';
import { createResolveName } from '../../src/probe/resolve-name.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { installAdmissionPolicies } from '../cluster/admission-policies.ts';
import { type ApiClient, type ApiConnection, connectionOf, createApiClient } from '../cluster/api-client.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { installDefinitions } from '../cluster/definitions.ts';
import { formatSeconds } from '../cluster/progress.ts';
import { createAcceleratedClock, type MovableClock } from '../simulators/accelerated-clock.ts';
import { type SimulatedDns, startSimulatedDns } from '../simulators/dns/simulated-dns.ts';
import { gatewayDial } from '../world/gateway-dial.ts';
import { startOperatorUnderTest } from '../world/operator-under-test.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../world/simulated-world.ts';
import { EARLIER, LATER } from './gateways.ts';
import type { DemoOptions } from './run.ts';

/** What is up before there is a gateway. */
export interface Setting {
  readonly controlPlane: ControlPlane;
  readonly connection: ApiConnection;
  readonly api: ApiClient;
  /** The one clock of Azure, the site, the clients and the operator. */
  readonly clock: MovableClock;
  readonly world: SimulatedWorld;
  readonly dns: SimulatedDns;
  /** Of the operator, which serves them at its port. */
  readonly metrics: Registry;
}

/** The operator looks for drift this often by the demo's fast clock. */
const DRIFT_INTERVAL = '2m';

/** Brings up Kubernetes, Azure and the operator. @param later is told how each is stopped */
export async function startSetting(
  options: DemoOptions,
  later: (cleanup: () => Promise<unknown>) => void,
): Promise<Setting> {
  const { screen, signal, speed } = options;
  const controlPlane = await startCluster(options);
  later(() => controlPlane.stop());
  const connection = connectionOf(controlPlane.kubeconfig);
  const api = createApiClient(connection);
  later(() => api.close());

  screen.step('Starting a simulated Azure with real blob storage, and a process for each VM');
  const clock = createAcceleratedClock(systemClock, speed);
  const world = await startSimulatedWorld({
    clock,
    gateways: true,
    ...(options.record === undefined ? {} : { record: options.record }),
  });
  later(() => world.close());
  // Otherwise it would be chance whether the log already tells who deleted a rule when the operator finds it missing.
  world.azure.control.settings.activityLogLagSeconds = 0;
  screen.done(`${world.azure.url}, ${speed} times as fast as real time`);
  signal.throwIfAborted();

  screen.step('Installing the custom resource definitions and admission policies');
  const definitions = await installDefinitions(api);
  await installAdmissionPolicies(api);
  screen.done(definitions.join(', '));

  screen.step('Starting the operator');
  const dns = await startDns(world);
  later(() => dns.close());
  const operator = await startOperatorUnderTest({
    kubeconfigPath: controlPlane.kubeconfigPath,
    world,
    logger: options.logger,
    // What happens in more than a day is more than one object may tell in a minute.
    eventPace: clock,
    dial: gatewayDial(world.azure),
    resolveName: createResolveName([dns.address]),
    flags: ['--drift-interval', DRIFT_INTERVAL],
  });
  later(() => operator.stop());
  screen.done(`metrics at http://127.0.0.1:${operator.port}/metrics`);
  return { controlPlane, connection, api, clock, world, dns, metrics: operator.registry };
}

async function startCluster({ screen, signal }: DemoOptions): Promise<ControlPlane> {
  screen.step('Starting etcd and kube-apiserver');
  const controlPlane = await startControlPlane({
    signal,
    progress: (stage, elapsedSeconds) => screen.show([`${stage} (${formatSeconds(elapsedSeconds)})`]),
  });
  screen.show([]);
  screen.done(controlPlane.server);
  return controlPlane;
}

/** With the names as the administrator of the domain sets them, once for each gateway. */
async function startDns({ azure }: SimulatedWorld): Promise<SimulatedDns> {
  const dns = await startSimulatedDns(azure);
  for (const { serviceName, fqdn } of [EARLIER, LATER]) {
    dns.alias(serviceName, fqdn);
  }
  return dns;
}
