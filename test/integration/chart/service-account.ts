import { stringify } from 'yaml';
import type { ApiClient } from '../../cluster/api-client.ts';

/** A service account of the cluster. */
export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

/** A kubeconfig with a token of the account, as YAML: what its pods could do, its bearer can, and nothing else. */
export async function serviceAccountKubeconfig(
  { api, server, caPem }: { readonly api: ApiClient; readonly server: string; readonly caPem: string },
  { namespace, name }: ServiceAccount,
): Promise<string> {
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const { status } = (await api.call('POST', path, request)) as { readonly status: { readonly token: string } };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') },
      },
    ],
    users: [{ name, user: { token: status.token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
    'current-context': 'test',
  });
}
