import type { CMG } from '../../src/api/v1alpha1/cmg.generated.ts';
import { sharedApi } from '../cluster/shared.ts';

/** A GUID where one is needed. */
export const GUID = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
const GROUP = '/apis/configmgr.io/v1alpha1/namespaces/default';

/** A part of a manifest, which a test may change as it likes. */
export type Manifest = Record<string, unknown>;

/** A spec with names for the parts that tests change most. */
export interface SpecManifest extends Manifest {
  azure: Manifest & { credentials: Manifest; resourceGroup: Manifest };
  serverCertificate: Manifest;
  servicePackage: Manifest;
}

/** The smallest spec that is accepted. Each call makes a new one. */
export function minimalSpec(): SpecManifest {
  return {
    azure: {
      tenantId: GUID,
      subscriptionId: GUID,
      credentials: { type: 'WorkloadIdentity', workloadIdentity: { clientId: GUID } },
      region: 'westeurope',
      resourceGroup: { name: 'rg-cmg' },
    },
    serviceName: 'granitefalls.contoso.com',
    serverCertificate: { secretRef: { name: 'granitefalls-tls' } },
    servicePackage: { url: 'https://packages.contoso.com/cmg.zip', sha256: 'a'.repeat(64) },
  };
}

/** A whole manifest. */
export function manifest(spec: Manifest, name = 'granitefalls') {
  return { apiVersion: 'configmgr.io/v1alpha1', kind: 'CMG', metadata: { name }, spec };
}

/** Makes another spec of the smallest. */
export type Change = (spec: SpecManifest) => void;

/** What came of a manifest. */
export interface Verdict {
  readonly accepted: boolean;
  /** The API server's words when it refuses. */
  readonly message: string;
  readonly object: CMG;
}

/** What the API server says of a manifest. It is a dry run: nothing is stored. */
export async function submit(body: { readonly kind: string }): Promise<Verdict> {
  const plural = body.kind === 'CMG' ? 'cmgs' : `${body.kind.toLowerCase()}s`;
  const path = `${GROUP}/${plural}?dryRun=All&fieldValidation=Strict`;
  const { status, body: answer } = await sharedApi().send('POST', path, body);
  const { message = '' } = answer as { message?: string };
  return { accepted: status === 201, message, object: answer as CMG };
}

/** As `submit`, of the smallest manifest with one change. */
export async function submitChanged(change: Change): Promise<Verdict> {
  const spec = minimalSpec();
  change(spec);
  return submit(manifest(spec));
}
