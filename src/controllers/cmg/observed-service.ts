import { classicHostName } from '../../gateway/observed-gateway.ts';
import { gatewayAddress, gatewayFqdn } from '../../gateway/outputs.ts';
import { CLIENT_PORT } from '../../gateway/ports.ts';
import type { TlsProbeResult } from '../../probe/tls-probe.ts';
import type { Finding } from './finding.ts';
import type { SeenGateway } from './observed-parts.ts';
import type { CommonScope } from './scope.ts';

/** What clients see of a gateway, as far as the operator may look. */
export interface SeenService {
  /** Name that Azure gives it. */
  readonly fqdn: string | undefined;
  readonly address: string | undefined;
  /** What it presented; `undefined` where the operator did not connect. */
  readonly presented: TlsProbeResult | undefined;
  /** Where the service name leads; `undefined` where nobody was asked, or nobody knew. */
  readonly serviceNameAddresses: readonly string[] | undefined;
}

/** Looks the gateway up and connects to it, where the operator may: `--gateway-probe AzureOnly` asks nobody but Azure. */
export async function seeService(scope: CommonScope, gateway: SeenGateway): Promise<SeenService> {
  const { probe, signal, cmg } = scope;
  const resources = new Map([...gateway.parts].map(([key, { resource }]) => [key, resource]));
  const fqdn = gatewayFqdn(resources) ?? classicHostName(gateway.heart);
  const told = gatewayAddress(resources);
  const address = told ?? (fqdn === undefined ? undefined : (await addressesOf(scope, fqdn))?.[0]);
  const { serviceName } = cmg.spec;
  return {
    fqdn,
    address,
    serviceNameAddresses: await addressesOf(scope, serviceName),
    presented:
      probe === undefined || address === undefined
        ? undefined
        : await probe({ address, port: CLIENT_PORT, serverName: serviceName }, signal),
  };
}

async function addressesOf({ resolveName, signal }: CommonScope, name: string): Promise<readonly string[] | undefined> {
  const found = await resolveName?.(name, signal);
  return found?.kind === 'Addresses' ? found.addresses : undefined;
}

/** What is wrong with the way to the gateway; `undefined` when nothing is, as far as was looked. */
export function serviceProblem(
  serviceName: string,
  { address, fqdn, presented, serviceNameAddresses }: SeenService,
): Pick<Finding, 'reason' | 'message'> | undefined {
  const where = `${address} port ${CLIENT_PORT}`;
  if (presented?.kind === 'NoConnection') {
    return {
      reason: 'GatewayUnreachable',
      message: `The operator cannot connect to ${where}: ${presented.message}. Look whether the gateway is started in the console, and at what lies between: security rules, a firewall, a NetworkPolicy of the cluster. An operator that may not reach gateways runs with --gateway-probe AzureOnly.`,
    };
  }
  if (presented?.kind === 'NoCertificate') {
    return {
      reason: 'GatewayUnreachable',
      message: `The gateway accepts connections at ${where} and presents no certificate for ${serviceName}: ${presented.message}.`,
    };
  }
  if (address !== undefined && serviceNameAddresses !== undefined && !serviceNameAddresses.includes(address)) {
    const target = fqdn === undefined ? '' : ` Point its CNAME to ${fqdn}.`;
    return {
      reason: 'DnsPointsElsewhere',
      message: `The service name ${serviceName} leads to ${serviceNameAddresses.join(', ')}, not to this gateway, whose address is ${address}: clients do not reach it.${target}`,
    };
  }
  return undefined;
}
