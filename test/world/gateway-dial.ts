import { connect } from 'node:net';
import type { Dial } from '../../src/probe/tls-probe.ts';
import type { ArmSimulator } from '../simulators/arm/simulator.ts';

/** On 127.0.0.1 nothing listens there: reserved for a protocol that nobody speaks. */
const CLOSED_PORT = 1;

/** Connects to public addresses of a simulated Azure: to where they are on this machine. What is closed refuses. */
export function gatewayDial({ gateways }: Pick<ArmSimulator, 'gateways'>): Dial {
  return ({ address, port }) => connect(gateways.endpoint(address, port) ?? { host: '127.0.0.1', port: CLOSED_PORT });
}
