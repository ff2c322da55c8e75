import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { APPLY_PATCH, type ApiClient, MERGE_PATCH, waitFor } from './api-client.ts';

const POLICIES_DIRECTORY = fileURLToPath(new URL('../../deploy/admission-policies/', import.meta.url));
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const CMGS = '/apis/configmgr.io/v1alpha1/namespaces/default/cmgs';

/** Plurals of the kinds in the folder. */
const PLURALS: Readonly<Record<string, string>> = {
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
};

/**
 * Installs the project's admission policies, and waits until they are in force, which is a moment after they are stored. The
 * definitions have to be there.
 */
export async function installAdmissionPolicies(api: ApiClient): Promise<void> {
  const files = readdirSync(POLICIES_DIRECTORY).filter((name) => name !== 'kustomization.yaml');
  for (const file of files) {
    for (const document of parseAllDocuments(readFileSync(join(POLICIES_DIRECTORY, file), 'utf8'))) {
      const object = document.toJS() as { readonly kind: string; readonly metadata: { readonly name: string } };
      const path = `${ADMISSION}/${PLURALS[object.kind]}/${object.metadata.name}`;
      await api.call('PATCH', `${path}?fieldManager=test&force=true&fieldValidation=Strict`, object, APPLY_PATCH);
    }
  }
  await untilProtecting(api);
}

/** Tries to delete a CMG until the API server refuses. */
async function untilProtecting(api: ApiClient): Promise<void> {
  const path = `${CMGS}/admission-policies-in-force`;
  const id = '00000000-0000-0000-0000-000000000000';
  const spec = {
    serviceName: 'unused.contoso.com',
    azure: {
      tenantId: id,
      subscriptionId: id,
      credentials: { type: 'WorkloadIdentity', workloadIdentity: { clientId: id } },
      region: 'westeurope',
      resourceGroup: { name: 'unused' },
    },
    serverCertificate: { secretRef: { name: 'unused' } },
    servicePackage: { url: 'https://packages.contoso.com/unused.zip', sha256: '0'.repeat(64) },
    suspend: true,
  };
  const metadata = { name: 'admission-policies-in-force' };
  await api.call('POST', CMGS, { apiVersion: 'configmgr.io/v1alpha1', kind: 'CMG', metadata, spec });
  await waitFor('the admission policies to be in force', async () => {
    const { status } = await api.send('DELETE', `${path}?dryRun=All`);
    return status === 403 || undefined;
  });
  await api.call('PATCH', path, { spec: { deletionProtection: false } }, MERGE_PATCH);
  await api.call('DELETE', path);
}
