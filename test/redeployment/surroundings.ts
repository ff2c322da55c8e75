import { X509Certificate } from 'node:crypto';
import type { ResolveName } from '../../src/probe/resolve-name.ts';
import type { TlsProbe } from '../../src/probe/tls-probe.ts';
import type { ConnectionPointRole } from '../../src/site/site.ts';
import type { Lives } from './stage.ts';

/** Every gateway presents the certificate that all of them are given. */
export function presenting({ certificate }: Lives): TlsProbe {
  const presented = new X509Certificate(certificate.certificatePem);
  return async () => ({
    kind: 'Presented',
    sha256Fingerprint: presented.fingerprint256.replaceAll(':', '').toLowerCase(),
    subject: presented.subject,
    chain: [presented],
  });
}

const REGIONS = ['westeurope', 'northeurope'];

/** A service name leads to wherever Azure has a public address of its first label. */
export function resolvingIn({ world }: Lives): ResolveName {
  return async (name) => {
    const addresses = REGIONS.flatMap(
      (region) => world.azure.control.addressOf(`${name.split('.')[0]}.${region}.cloudapp.azure.com`) ?? [],
    );
    return addresses.length === 0 ? { kind: 'NoAddress' } : { kind: 'Addresses', addresses };
  };
}

/** The site role on a server, connected to a gateway. */
export function connectedRole(server: string, serviceName: string): ConnectionPointRole {
  return { siteSystem: `${server}.contoso.com`, siteCode: 'PS1', serviceName, connectedness: 'Connected' };
}

/** What every object in the API server has. */
export function metadataOf(name: string) {
  return {
    name,
    namespace: 'gateways',
    uid: name,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
}
