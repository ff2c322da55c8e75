import { X509Certificate } from 'node:crypto';
import { expect } from 'vitest';
import { type Outcome, servedCertificate, type Visit, visit } from '../../simulators/gateway/gateway-client.ts';
import { type GatewayTest, PATIENCE_MS, SERVICE_NAME } from '../operator/suite.ts';

/** What those who connect to the gateway of a test see. */

/** Paths of a management point for clients with a certificate, and for those with a token. */
export const MUTUAL = '/CCM_Proxy_MutualAuth/72057594037927941';
export const TOKEN = '/CCM_Proxy_ServerAuth/72057594037927941';

const PATIENCE = { timeout: PATIENCE_MS, interval: 50 };

/** Where the gateway is, by the name that Azure gave it. */
export function gatewayAt({ azure }: GatewayTest, port = 443): Pick<Visit, 'endpoint' | 'serviceName'> {
  const address = azure.control.addressOf('granitefalls.westeurope.cloudapp.azure.com') ?? '';
  return { endpoint: azure.gateways.endpoint(address, port), serviceName: SERVICE_NAME };
}

export function ask(test: GatewayTest, path: string, more: Partial<Visit> = {}, port = 443): Promise<Outcome> {
  return visit(path, { ...gatewayAt(test, port), ...more });
}

/** Waits until asking comes out so. */
export async function untilAsked(
  test: GatewayTest,
  path: string,
  more: Partial<Visit>,
  outcome: object,
  port = 443,
): Promise<void> {
  await expect.poll(() => ask(test, path, more, port), PATIENCE).toMatchObject(outcome);
}

/** Waits until the gateway presents a certificate. */
export async function untilPresented(
  test: GatewayTest,
  sha256Fingerprint: string,
  trusted: string,
  port = 443,
): Promise<void> {
  await expect.poll(() => servedCertificate({ ...gatewayAt(test, port), trusted }), PATIENCE).toBe(sha256Fingerprint);
}

/** The SHA-256 of a certificate, as `untilPresented` takes it. */
export function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

export const ADMITTED = { kind: 'Answered', status: 200 } as const;
export const UNREACHABLE = { kind: 'Unreachable' } as const;
/** Whoever gets as far has spoken TLS with the gateway. */
export const ANSWERED = { kind: 'Answered' } as const;

export function refused(why: RegExp): object {
  return { kind: 'Answered', status: 401, body: { error: expect.stringMatching(why) } };
}

/** Process ids of what runs in the VMs of the gateway. */
export function processesOf({ azure, resources }: GatewayTest): readonly number[] {
  return resources('Microsoft.Compute/virtualMachineScaleSets').flatMap(({ id }) => [
    ...[...azure.gateways.processes(String(id)).values()].flat(),
  ]);
}
