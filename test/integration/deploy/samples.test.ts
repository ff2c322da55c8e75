import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { APPLY_PATCH, waitFor } from '../../cluster/api-client.ts';
import { namespaceForTest, sharedApi } from '../../cluster/shared.ts';
import type { RenderedObject } from '../chart/helm.ts';
import { DEPLOY, kustomize, objectOf } from './kustomize.ts';

const SAMPLES = readdirSync(join(DEPLOY, 'samples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

/** What the samples use of cert-manager's Certificate; the rest of its definition is of no matter here. */
const CERTIFICATE_DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'certificates.cert-manager.io' },
  spec: {
    group: 'cert-manager.io',
    scope: 'Namespaced',
    names: { kind: 'Certificate', plural: 'certificates', singular: 'certificate', listKind: 'CertificateList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        },
      },
    ],
  },
};

beforeAll(async () => {
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const path = `${definitions}/${CERTIFICATE_DEFINITION.metadata.name}?fieldManager=test&force=true`;
  await sharedApi().call('PATCH', path, CERTIFICATE_DEFINITION, APPLY_PATCH);
  await waitFor('cert-manager.io/v1 to be served', async () => {
    const { status } = await sharedApi().send('GET', '/apis/cert-manager.io/v1/certificates?limit=1');
    return status === 200 ? true : undefined;
  });
});

/** Applies an object in a namespace of the test, and returns it as it is stored. */
async function apply({ apiVersion, kind, ...rest }: RenderedObject, namespace: string): Promise<RenderedObject> {
  const plural = kind === 'CMG' ? 'cmgs' : `${kind.toLowerCase()}s`;
  const path = `/apis/${apiVersion}/namespaces/${namespace}/${plural}/${rest.metadata.name}`;
  const body = { apiVersion, kind, ...rest, metadata: { ...rest.metadata, namespace } };
  const query = 'fieldManager=test&force=true&fieldValidation=Strict';
  return (await sharedApi().call('PATCH', `${path}?${query}`, body, APPLY_PATCH)) as RenderedObject;
}

/** Argo CD applies what has the lower number first, and waits until it is healthy. Without one: 0. */
function syncWave({ metadata }: RenderedObject): number {
  return Number(metadata.annotations?.['argocd.argoproj.io/sync-wave'] ?? 0);
}

describe.each(SAMPLES)('deploy/samples/%s', (sample) => {
  test('is accepted by the API server', async () => {
    const namespace = await namespaceForTest('samples');
    const objects = await kustomize(`samples/${sample}`);
    expect(objects.map(({ metadata }) => metadata.namespace)).toEqual(objects.map(() => 'gateways'));
    for (const object of objects) {
      const stored = await apply(object, namespace);
      expect(stored).toMatchObject({ kind: object.kind, spec: object.spec });
    }
  });

  test('has the gateway after what it needs, and out of reach of a prune', async () => {
    const objects = await kustomize(`samples/${sample}`);
    const gateway = objectOf(objects, 'CMG');
    // A connection point is Ready when its gateway is, and the other way round.
    const waitsForIt = new Set(['ConnectionPoint', 'BoundaryGroupReference']);
    const others = objects.filter((object) => object !== gateway && !waitsForIt.has(object.kind));
    const together = objects.filter(({ kind }) => waitsForIt.has(kind)).map(syncWave);
    expect(together).toEqual(together.map(() => syncWave(gateway)));
    expect(Math.max(...others.map(syncWave), 0)).toBeLessThan(syncWave(gateway));
    const options = gateway.metadata.annotations?.['argocd.argoproj.io/sync-options'];
    expect(options).toBe('Prune=confirm,Delete=confirm');
  });
});

test('the kustomization of all samples has each of them, in a namespace that is there first', async () => {
  const all = await kustomize('samples');
  const each = (await Promise.all(SAMPLES.map((sample) => kustomize(`samples/${sample}`)))).flat();
  const nameOf = ({ kind, metadata }: RenderedObject) => `${kind}/${metadata.name}`;
  expect(all.map(nameOf).sort()).toEqual([...each.map(nameOf), 'Namespace/gateways'].sort());
  const namespace = objectOf(all, 'Namespace');
  expect(Math.min(...each.map(syncWave))).toBeGreaterThan(syncWave(namespace));
});

test("the certificate of a sample is what its gateway needs: the service name as common name, an RSA key, the gateway's Secret", async () => {
  const objects = await kustomize('samples/first-gateway');
  const gateway = objectOf<{ readonly spec: { serviceName: string; serverCertificate: unknown } }>(objects, 'CMG');
  const { spec } = objectOf<{ readonly spec: Record<string, unknown> }>(objects, 'Certificate');
  expect(spec).toMatchObject({
    commonName: gateway.spec.serviceName,
    dnsNames: [gateway.spec.serviceName],
    privateKey: { algorithm: 'RSA', size: 2048 },
  });
  expect(gateway.spec.serverCertificate).toEqual({ secretRef: { name: spec.secretName } });
});
