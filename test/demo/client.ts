import { Resolver } from 'node:dns/promises';
import type { ArmSimulator } from '../simulators/arm/simulator.ts';
import type { SimulatedDns } from '../simulators/dns/simulated-dns.ts';
import { servedCertificate, type Visit, visit } from '../simulators/gateway/gateway-client.ts';

/** The path of a management point for clients with a token, as the site would tell it. */
const PATH = '/CCM_Proxy_ServerAuth/72057594037927941';

/** What a client on the internet notices of a gateway. */
export interface Noticed {
  /** Public address to which the service name leads; `undefined` when it leads nowhere. */
  readonly address: string | undefined;
  /** SHA-256 of the certificate that is presented; `undefined` when the gateway cannot be reached. */
  readonly certificate: string | undefined;
  /** Status of the answer to a client that shows no token; `undefined` likewise. */
  readonly status: number | undefined;
}

/** What a client needs: the internet, the name of its gateway, and the PEM of the roots that it trusts. */
export interface ClientOptions {
  readonly gateways: ArmSimulator['gateways'];
  readonly dns: Pick<SimulatedDns, 'address'>;
  readonly serviceName: string;
  readonly trusted: string;
}

/** Looks the service name up and connects to where it leads, as a client does. */
export async function connectAsClient({ gateways, dns, serviceName, trusted }: ClientOptions): Promise<Noticed> {
  const resolver = new Resolver();
  resolver.setServers([dns.address]);
  const [address] = await resolver.resolve4(serviceName).catch(() => []);
  const to: Visit = {
    endpoint: address === undefined ? undefined : gateways.endpoint(address, 443),
    serviceName,
    trusted,
  };
  const [certificate, answer] = await Promise.all([servedCertificate(to), visit(PATH, to)]);
  return { address, certificate, status: answer.kind === 'Answered' ? answer.status : undefined };
}
