import { stringify } from 'yaml';
import type { ApiConnection } from './api-client.ts';

/** A kubeconfig with everything inline, as YAML, for kubectl and for client libraries. */
export function kubeconfigOf(connection: ApiConnection, user: string): string {
  const { credentials } = connection;
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
        user:
          'token' in credentials
            ? { token: credentials.token }
            : {
                'client-certificate-data': base64(credentials.certPem),
                'client-key-data': base64(credentials.keyPem),
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
