import { randomBytes } from 'node:crypto';
import { type CertificateAuthority, createCertificateAuthority } from '../certificate-authority.ts';
import { type ArmSimulator, type ArmSimulatorOptions, startArmSimulator } from '../simulators/arm/simulator.ts';
import { type PackageServer, startPackageServer } from '../simulators/package-server.ts';
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

/** Size of the made-up service package: more than one block of a blob upload would be slow, one byte would prove little. */
const PACKAGE_BYTES = 256 * 1024;

/** Starts the simulators on 127.0.0.1 and makes this process trust their certificates. */
export async function startSimulatedWorld(options: ArmSimulatorOptions = {}): Promise<SimulatedWorld> {
  const authority = await createCertificateAuthority('Contoso');
  const webServer = await createCertificateAuthority('Test');
  const certificate = await webServer.issue({ names: ['127.0.0.1', 'localhost'], key: 'ECDSA' });
  const packages = await startPackageServer({ certificate, content: randomBytes(PACKAGE_BYTES) });
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
