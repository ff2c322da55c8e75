import { stringify } from 'yaml';
import { type ApiClient, type ApiConnection, waitFor } from '../../cluster/api-client.ts';
import type { Right } from './rights.ts';

/** A service account of the cluster. */
export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

/** A kubeconfig with a token of the account, as YAML: what its pods could do, its bearer can, and nothing else. */
export async function serviceAccountKubeconfig(
  api: ApiClient,
  { server, caPem }: Pick<ApiConnection, 'server' | 'caPem'>,
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

/** The API server knows of new roles a moment after they are stored; until then it would refuse what they grant. */
export async function untilGranted(api: ApiClient, account: ServiceAccount, rights: readonly Right[]): Promise<void> {
  await Promise.all(rights.map((right) => waitFor('the rights to hold', () => isGranted(api, account, right))));
}

async function isGranted(api: ApiClient, account: ServiceAccount, right: Right): Promise<true | undefined> {
  const { apiGroup, verb, name, namespace } = right;
  const [resource, subresource] = right.resource.split('/');
  const resourceAttributes = { group: apiGroup, resource, subresource, verb, name, namespace };
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: `system:serviceaccount:${account.namespace}:${account.name}`, resourceAttributes },
  };
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  const { status } = (await api.call('POST', path, review)) as { readonly status: { readonly allowed: boolean } };
  return status.allowed || undefined;
}
