import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { contoso, observedOutputs, sentBody } from './deployment.test-world.ts';
import type { GatewayDeployment } from './deployment.ts';
import { gatewayGraph } from './graph.ts';

/** A judge of recorded traffic by Microsoft's API definitions, which may lie beside the checkout. */
const judge = resolve(import.meta.dirname, '../../../shared/arm-definitions/validate.py');

test.skipIf(!existsSync(judge)).each([
  ['two VMs and content', contoso],
  ['one VM, no content and a hyphen', { ...contoso, instances: 1, contentEnabled: false, prefix: 'contoso-cmg' }],
  [
    'a mark in its tags',
    {
      ...contoso,
      mark: {
        identity: { region: 'westeurope', certificateRevision: 'Größe 2' },
        serviceName: contoso.serviceName,
        served: 'No',
        wantedSince: Date.UTC(2026, 10, 28),
        wantedOrder: 1,
        serverCertificate: { format: 'TLS', secretRef: { name: 'granitefalls-tls' }, revision: '' },
        credentials: { type: 'WorkloadIdentity', workloadIdentity: { clientId: contoso.operatorPrincipalId } },
      },
    },
  ],
] as const)(
  'the judge of Microsoft’s definitions finds nothing in the requests for a gateway with %s (left out when it is not beside the checkout)',
  async (_title, deployment) => {
    const folder = mkdtempSync(join(tmpdir(), 'requests-'));
    try {
      const recording = join(folder, 'requests.jsonl');
      writeFileSync(recording, (await requestsFor(deployment)).join('\n'));
      expect(judged(recording)).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

/** One JSON object a line, in the form of a recording; only the requests count. */
function requestsFor(deployment: GatewayDeployment): Promise<readonly string[]> {
  const requests = gatewayGraph(deployment, observedOutputs(deployment)).map(async (resource) =>
    JSON.stringify({
      method: 'PUT',
      url: `https://management.azure.com${resource.id}?api-version=${resource.apiVersion}`,
      requestHeaders: { 'Content-Type': 'application/json' },
      requestBody: await sentBody(resource, deployment),
      status: 200,
      responseHeaders: {},
      responseBody: null,
    }),
  );
  return Promise.all(requests);
}

/** What the judge says, or nothing when it is content. */
function judged(recording: string): string {
  try {
    execFileSync('python3', [judge, '--only-requests', '--strict', recording], { encoding: 'utf8' });
    return '';
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error);
  }
}
