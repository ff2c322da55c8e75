import { randomBytes } from 'node:crypto';
import { type CertificateAuthority, createCertificateAuthority } from '../certificate-authority.ts';
import { type ArmSimulator, type ArmSimulatorOptions, startArmSimulator } from '../simulators/arm/simulator.ts';
import { packageArchive } from '../simulators/gateway/package-archive.ts';
import type { PackageVariant } from '../simulators/gateway/package-variants.ts';
import { type OfferedPackage, type PackageServer, startPackageServer } from '../simulators/package-server.ts';
import { trust } from './trust.ts';

/** Everything outside the cluster that a gateway needs: Azure, a server with the service package, a certificate authority. */
export interface SimulatedWorld {
  readonly azure: ArmSimulator;
  readonly packages: PackageServer;
  /** Issues server certificates for gateways. */
  readonly authority: CertificateAuthority;
  /** PEM of the authorities that clients in other processes have to trust. */
  readonly trusted: string;
  close(): Promise<void>;
}

/** Size of the made-up service package where nothing runs it: more than one block of a blob upload would be slow, one byte would prove little. */
const PACKAGE_BYTES = 256 * 1024;

/**
 * Starts the simulators on 127.0.0.1 and makes this process trust their certificates. With `gateways: true` the service
 * package is the reference package, and VMs run it.
 */
export async function startSimulatedWorld(options: ArmSimulatorOptions = {}): Promise<SimulatedWorld> {
  const authority = await createCertificateAuthority('Contoso');
  const webServer = await createCertificateAuthority('Test');
  const certificate = await webServer.issue({ names: ['127.0.0.1', 'localhost'], key: 'ECDSA' });
  const content = options.gateways === true ? await packageArchive() : randomBytes(PACKAGE_BYTES);
  const packages = await startPackageServer({ certificate, content });
  try {
    const azure = await startArmSimulator(options);
    trust(azure.caPem, webServer.rootPem);
    return {
      azure,
      packages,
      authority,
      trusted: `${azure.caPem}\n${webServer.rootPem}`,
      close: async () => {
        await Promise.all([azure.close(), packages.close()]);
      },
    };
  } catch (error) {
    await packages.close();
    throw error;
  }
}

/** Offers another package beside the usual one. */
export async function offerPackage(
  { packages }: Pick<SimulatedWorld, 'packages'>,
  variant: PackageVariant,
): Promise<OfferedPackage> {
  return packages.offer(variant.toLowerCase(), await packageArchive(variant));
}
