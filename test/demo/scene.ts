import type { AdminServiceSimulator } from '../simulators/adminservice/simulator.ts';
import type { Manifest } from '../world/gateway-manifests.ts';
import type { DemoGateway } from './gateways.ts';
import type { Setting } from './setting.ts';

/** A gateway that serves the clients of a site, and what is to come in its place. */
export interface Scene extends Setting {
  readonly site: AdminServiceSimulator;
  readonly earlier: DemoGateway;
  readonly later: DemoGateway;
  /** The CMG that asks for the later one. */
  readonly declared: Manifest;
  /** The certificate of the later one. */
  readonly certificate: Manifest;
  /** A connection point for it. */
  readonly standby: Manifest;
  /** Longest time for the later one to be advertised, by the machine's clock. */
  readonly limitMs: number;
}
