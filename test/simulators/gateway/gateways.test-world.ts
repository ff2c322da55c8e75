import { expect, vi } from 'vitest';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type IssuedCertificate,
} from '../../certificate-authority.ts';
import { textAt } from '../arm/json-path.ts';
import { type ArmSimulator, startArmSimulator } from '../arm/simulator.ts';
import { type Outcome, type Visit, visit } from './gateway-client.ts';
import { packageArchive } from './package-archive.ts';
import type { PackageVariant } from './package-variants.ts';
import { makeSampleGateway, type SampleGateway, type SampleGatewayOptions } from './sample-gateway.ts';

/** What the tests of gateways share: one simulator, one certificate. */
export interface GatewayWorld {
  readonly azure: ArmSimulator;
  readonly authority: CertificateAuthority;
  readonly certificate: IssuedCertificate;
  /** Begins with an empty Azure and makes a gateway in it. */
  make(options?: Partial<SampleGatewayOptions> & { readonly variant?: PackageVariant }): Promise<SampleGateway>;
  /** As {@link make}, and waits until all VMs serve. */
  serving(options?: Partial<SampleGatewayOptions>): Promise<SampleGateway>;
  close(): Promise<void>;
}

export const SERVICE_NAME = 'contoso.contoso.com';
export const MUTUAL = '/CCM_Proxy_MutualAuth/72057594037927941';
export const TOKEN = '/CCM_Proxy_ServerAuth/72057594037927941';

const PATIENCE = { timeout: 15_000, interval: 20 };

export async function startGatewayWorld(): Promise<GatewayWorld> {
  const authority = await createCertificateAuthority();
  const certificate = await authority.issue({ commonName: SERVICE_NAME });
  const azure = await startArmSimulator({ gateways: true });
  const make: GatewayWorld['make'] = async ({ variant, ...options } = {}) => {
    azure.control.reset();
    return makeSampleGateway(azure, { certificate, package: await packageArchive(variant), ...options });
  };
  return {
    azure,
    authority,
    certificate,
    make,
    serving: async (options) => {
      const gateway = await make(options);
      await untilServing(gateway);
      return gateway;
    },
    close: azure.close,
  };
}

/** Waits until all VMs are healthy. */
export async function untilServing(gateway: SampleGateway): Promise<void> {
  await until(
    () => gateway.views().map((view) => textAt(view, 'vmHealth.status.code')),
    Array.from({ length: gateway.deployment.instances }, () => 'HealthState/healthy'),
  );
}

/** Waits until a visit comes out as expected. */
export async function untilVisit(path: string, to: () => Visit, outcome: Partial<Outcome>): Promise<void> {
  await vi.waitFor(async () => expect(await visit(path, to())).toMatchObject(outcome), PATIENCE);
}

/** Waits until something is equal to what is expected. */
export async function until(look: () => unknown, expected: unknown): Promise<void> {
  await vi.waitFor(() => expect(look()).toEqual(expected), PATIENCE);
}
