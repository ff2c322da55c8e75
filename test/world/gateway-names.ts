import type { ResolveName } from '../../src/probe/resolve-name.ts';
import { textAt } from '../simulators/arm/json-path.ts';
import type { ArmSimulator } from '../simulators/arm/simulator.ts';

const CLIENT_PORT = 443;

/**
 * DNS as a person has set it up: each service name leads to the public address of a simulated Azure whose name in Azure begins
 * as it does.
 */
export function gatewayNames({ control }: Pick<ArmSimulator, 'control'>): ResolveName {
  return async (serviceName) => {
    const address = addressOf({ control }, serviceName);
    return address === undefined ? { kind: 'NoAddress' } : { kind: 'Addresses', addresses: [address] };
  };
}

/** Whether something answers clients where a service name leads to, in a simulated Azure with gateways. */
export function isGatewayReached(
  { control, gateways }: Pick<ArmSimulator, 'control' | 'gateways'>,
  serviceName: string,
): boolean {
  const address = addressOf({ control }, serviceName);
  return address !== undefined && gateways.endpoint(address, CLIENT_PORT) !== undefined;
}

function addressOf({ control }: Pick<ArmSimulator, 'control'>, serviceName: string): string | undefined {
  const label = serviceName.toLowerCase().split('.')[0];
  const found = control.state().find((each) => textAt(each, 'properties.dnsSettings.domainNameLabel') === label);
  return textAt(found, 'properties.ipAddress');
}
