import type { ArmSimulator } from '../arm/simulator.ts';
import { type DnsRecord, startDnsServer } from './server.ts';

/** The names of the internet as far as gateways need them, on a resolver on 127.0.0.1. */
export interface SimulatedDns {
  /** `127.0.0.1:<port>`, as `Resolver.setServers` takes it. */
  readonly address: string;
  readonly port: number;
  /** Replaces what a name has. Case does not count. */
  set(name: string, ...records: readonly DnsRecord[]): void;
  /** Makes `name` an alias (CNAME) of another, as an administrator does for the service name of a gateway. */
  alias(name: string, target: string): void;
  /** Asking for the name fails (SERVFAIL) until it is set or removed. */
  fail(name: string): void;
  remove(name: string): void;
  close(): Promise<void>;
}

/**
 * Starts the resolver. Names of deployments, `<label>.<region>.cloudapp.azure.com`, lead to the addresses of the simulated
 * Azure from the moment that Azure has given an address to the label; all others exist when they are set.
 */
export async function startSimulatedDns(azure: Pick<ArmSimulator, 'control'>, port = 0): Promise<SimulatedDns> {
  const names = new Map<string, readonly DnsRecord[] | 'Failure'>();
  const server = await startDnsServer({
    port,
    resolve: (name) => {
      const known = names.get(name);
      if (known === 'Failure') return { kind: 'Failure' };
      if (known !== undefined) return { kind: 'Records', records: known };
      const address = azure.control.addressOf(name);
      return address === undefined
        ? { kind: 'NoSuchName' }
        : { kind: 'Records', records: [{ type: 'A', data: address }] };
    },
  });
  const key = (name: string) => name.toLowerCase().replace(/\.$/, '');
  const set: SimulatedDns['set'] = (name, ...records) => void names.set(key(name), records);
  return {
    address: `127.0.0.1:${server.port}`,
    port: server.port,
    set,
    alias: (name, target) => set(name, { type: 'CNAME', data: target }),
    fail: (name) => void names.set(key(name), 'Failure'),
    remove: (name) => void names.delete(key(name)),
    close: server.close,
  };
}
