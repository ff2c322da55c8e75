import { stringify } from 'yaml';
import type { ApiConnection } from './api-client.ts';

/** A kubeconfig with everything inline, as YAML, for kubectl and for client libraries. */
export function kubeconfigOf(connection: ApiConnection, user = 'admin'): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server: connection.server, 'certificate-authority-data': base64(connection.caPem) },
      },
    ],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': base64(connection.certPem),
          'client-key-data': base64(connection.keyPem),
        },
      },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user } }],
    'current-context': 'test',
  });
}

function base64(pem: string): string {
  return Buffer.from(pem).toString('base64');
}
