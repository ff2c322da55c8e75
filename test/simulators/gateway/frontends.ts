import type { JsonObject } from '../../../src/json.ts';
import { objectsAt, textAt, valueAt } from '../arm/json-path.ts';
import { letsIn, poolsOf } from '../arm/providers/network-path.ts';
import { SCALE_SET_TYPE } from '../arm/providers/scale-set-state.ts';
import type { World } from '../arm/world.ts';
import type { HostedMachine } from './machine-host.ts';

/** A port of a public address with the ports of 127.0.0.1 to which a new connection may go now. */
export interface Frontend {
  /** Such as `20.1.2.3`. */
  readonly address: string;
  readonly port: number;
  /** In order of the VMs; never empty. */
  readonly targets: readonly number[];
}

const BALANCERS = 'Microsoft.Network/loadBalancers';

/**
 * Everything of a world that can be reached from the internet: ports of load-balancing rules with a VM that is healthy, and
 * ports of inbound NAT rules with the VM that has them, where the security groups let the internet in and the VM listens.
 */
export function openFrontends(world: World, machinesOf: (scaleSetId: string) => readonly HostedMachine[]): Frontend[] {
  const backends = [...world.ofType(SCALE_SET_TYPE)].flatMap((scaleSet) =>
    machinesOf(scaleSet.id).map((machine) => ({ scaleSet, machine, pools: poolsOf(scaleSet).map(lower) })),
  );
  const portsBehind = (rule: JsonObject, take: (machine: HostedMachine) => boolean): number[] => {
    const pool = textAt(rule, 'properties.backendAddressPool.id')?.toLowerCase() ?? '';
    const backendPort = Number(valueAt(rule, 'properties.backendPort'));
    return backends
      .filter(({ pools, machine }) => pools.includes(pool) && take(machine))
      .filter(({ scaleSet }) => letsIn(world, scaleSet, 'Internet', backendPort))
      .flatMap(({ machine }) => machine.vm.localPort(backendPort) ?? []);
  };
  return [...world.ofType(BALANCERS)].flatMap(({ document }) => {
    const addressOf = (rule: JsonObject) => addressBehind(world, document, rule);
    const balanced = objectsAt(document, 'properties.loadBalancingRules').map((rule) => ({
      address: addressOf(rule),
      port: Number(valueAt(rule, 'properties.frontendPort')),
      targets: portsBehind(rule, ({ probe }) => textAt(rule, 'properties.probe.id') === undefined || probe.healthy),
    }));
    const single = objectsAt(document, 'properties.inboundNatRules').flatMap((rule) => {
      const address = addressOf(rule);
      return portsOfRange(rule).map((port, place) => ({
        address,
        port,
        targets: portsBehind(rule, ({ slot }) => slot === place),
      }));
    });
    return [...balanced, ...single].flatMap(({ address, port, targets }) =>
      address === undefined || targets.length === 0 ? [] : [{ address, port, targets }],
    );
  });
}

function portsOfRange(rule: JsonObject): number[] {
  const [first, last] = ['frontendPortRangeStart', 'frontendPortRangeEnd'].map((name) =>
    Number(valueAt(rule, `properties.${name}`)),
  );
  if (first === undefined || last === undefined || !(first <= last)) return [];
  return Array.from({ length: last - first + 1 }, (_, place) => first + place);
}

/** The public address of the frontend that a rule names. */
function addressBehind(world: World, balancer: JsonObject, rule: JsonObject): string | undefined {
  const wanted = textAt(rule, 'properties.frontendIPConfiguration.id')?.toLowerCase();
  const frontend = objectsAt(balancer, 'properties.frontendIPConfigurations').find(({ id }) => lower(id) === wanted);
  const address = textAt(frontend, 'properties.publicIPAddress.id');
  return address === undefined ? undefined : textAt(world.get(address)?.document, 'properties.ipAddress');
}

function lower(value: unknown): string {
  return String(value).toLowerCase();
}
