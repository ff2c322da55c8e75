import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent } from 'undici';
import type { Clock } from '../../../src/runtime/clock.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import type { Entra } from '../arm/entra.ts';
import type { WorldState } from '../arm/world-state.ts';
import { openFrontends } from './frontends.ts';
import { startMachineEndpoint } from './machine-endpoint.ts';
import { createMachineHost } from './machine-host.ts';
import { createPublicAddresses, type LocalEndpoint, type OpenPort } from './public-addresses.ts';

/** The insides of simulated gateways, and the way to them from the internet. */
export interface Gateways {
  /** Takes the VMs and networks of this world from now on. */
  follow(world: WorldState): void;
  /** Whether the load balancer's probe has found a VM answering. */
  isHealthy(scaleSetId: string, instanceId: string): boolean;
  /** Where a port of a public address is on this machine; `undefined` while nothing answers there. */
  endpoint(address: string, port: number): LocalEndpoint | undefined;
  /** All ports of public addresses that are open now. */
  openPorts(): readonly OpenPort[];
  /** Process ids of what runs in the VMs of a scale set, by instance id. */
  processes(scaleSetId: string): ReadonlyMap<string, readonly number[]>;
  /** Ends all processes and proxies. */
  close(): Promise<void>;
}

export interface GatewaysParts {
  readonly clock: Clock;
  readonly entra: Entra;
  /** PEM of the authority that its certificate hangs on. */
  readonly caPem: string;
}

/** Starts what all VMs share. No process runs before a world has VMs. */
export async function startGateways({ clock, entra, caPem }: GatewaysParts): Promise<Gateways> {
  const directory = makeTemporaryDirectory();
  const authorities = join(directory, 'authorities.pem');
  writeFileSync(authorities, caPem);
  const endpoint = await startMachineEndpoint();
  const dispatcher = new Agent({ connect: { ca: caPem } });
  const addresses = createPublicAddresses();
  let world: WorldState | undefined;
  let refreshing = false;
  // Many things change at once, and the way to the VMs is the same after all of them.
  const refresh = () => {
    if (refreshing) return;
    refreshing = true;
    queueMicrotask(() => {
      refreshing = false;
      addresses.show(world === undefined ? [] : openFrontends(world, host.machinesOf));
    });
  };
  const host = createMachineHost({
    clock,
    directory,
    endpoint,
    dispatcher,
    environment: { NODE_EXTRA_CA_CERTS: authorities },
    issueToken: (identity, resource) => ({
      kind: 'Issued',
      token: entra.identityToken(identity, resource),
      clientId: identity.appId,
      lifetimeSeconds: entra.tokenLifetimeSeconds,
    }),
    onChange: refresh,
  });
  return {
    follow: (next) => {
      world = next;
      host.follow(next);
      refresh();
    },
    isHealthy: (scaleSetId, instanceId) =>
      host.machinesOf(scaleSetId).find((machine) => machine.instanceId === instanceId)?.probe.healthy ?? false,
    endpoint: addresses.endpoint,
    openPorts: addresses.open,
    processes: (scaleSetId) =>
      new Map(host.machinesOf(scaleSetId).map(({ instanceId, vm }) => [instanceId, vm.pids()])),
    close: async () => {
      world = undefined;
      await host.close();
      await Promise.all([addresses.close(), endpoint.close(), dispatcher.close()]);
      removeTemporaryDirectory(directory);
    },
  };
}
