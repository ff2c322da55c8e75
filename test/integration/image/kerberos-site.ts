import { onTestFinished } from 'vitest';
import { startDomain } from '../../simulators/kdc/domain.ts';
import { startProvider } from '../../simulators/kdc/provider.ts';
import type { KerberosTools } from '../../tools/kerberos.ts';
import type { Manifest } from '../../world/gateway-manifests.ts';

/** A site that takes Kerberos alone, as long as the test runs. */
export interface KerberosSite {
  /** FQDN of its SMS Provider, which has to lead to 127.0.0.1. */
  readonly host: string;
  /** The Secret with the keytab, and the Site. */
  readonly manifests: readonly [secret: Manifest, site: Manifest];
}

export async function startKerberosSite(tools: KerberosTools, namespace: string): Promise<KerberosSite> {
  const host = 'provider.contoso.test';
  const domain = await startDomain({ tools, realm: 'CONTOSO.TEST' });
  onTestFinished(() => domain.close());
  const keytab = await domain.add('svc-cmg');
  const provider = await startProvider({ tools, domain, host, keytab: await domain.add(`HTTP/${host}`) });
  onTestFinished(() => provider.close());
  const kerberos = {
    principal: 'svc-cmg@CONTOSO.TEST',
    kdcs: [domain.kdc],
    keytabSecretRef: { name: 'site' },
  };
  return {
    host,
    manifests: [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'site', namespace },
        data: { keytab: keytab.toString('base64') },
      },
      {
        apiVersion: 'configmgr.io/v1alpha1',
        kind: 'Site',
        metadata: { name: 'ps1', namespace },
        spec: {
          siteCode: 'PS1',
          type: 'StandalonePrimary',
          adminService: { url: provider.url, caBundle: provider.caPem, auth: { type: 'Kerberos', kerberos } },
        },
      },
    ],
  };
}
