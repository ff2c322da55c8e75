import { expect, it } from 'vitest';
import { CMG_KIND } from '../../../src/controllers/cmg/kind.ts';
import { ApiError } from '../../../src/runtime/api-error.ts';
import type { KubernetesClient } from '../../../src/runtime/client.ts';
import { addFinalizerPatch, removeFinalizerPatch } from '../../../src/runtime/finalizers.ts';
import { CONFIG_MAP, type KubernetesObject, SECRET, type Secret } from '../../../src/runtime/objects.ts';
import { namespaceForTest } from '../../cluster/shared.ts';
import { CLOUDS } from '../../simulators/arm/clouds.ts';
import { defaultedSpec } from '../../world/gateway-manifests.ts';
import { createMemoryKubernetes } from '../../world/memory-kubernetes.ts';
import type { SimulatedWorld } from '../../world/simulated-world.ts';
import { clientForTest, LASTING } from './world.ts';

const MANAGER = { ...LASTING, fieldManager: 'test', force: true };
const FINALIZER = 'configmgr.io/gateway';
const AZURE = {
  cloud: CLOUDS.AzurePublicCloud,
  tenantId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  subscriptionId: '8a0b1c2d-3e4f-4a5b-8c7d-9e0f1a2b3c4d',
  clientId: '1d2c3b4a-5f6e-4d7c-8b9a-0f1e2d3c4b5a',
};
const PACKAGES = { url: 'https://packages.contoso.com/p.zip', sha256: '0'.repeat(64) };

/** What an API server makes of what the operator asks of it, and of what has become outdated meanwhile. */
async function story(client: KubernetesClient, namespace: string): Promise<readonly unknown[]> {
  const told: unknown[] = [];
  const tell = async (what: string, answer: Promise<unknown>) => {
    try {
      told.push([what, await answer]);
    } catch (error) {
      told.push([what, error instanceof ApiError ? `${error.status} ${error.reason}` : error]);
    }
  };
  const key = { namespace, name: 'contoso' };
  const read = () => client.get<KubernetesObject>(CMG_KIND, key, LASTING);
  const done = (answer: Promise<unknown>) => answer.then(() => 'done');

  await tell('reading nothing', client.get(CONFIG_MAP, key, LASTING));
  const map = await client.create(CONFIG_MAP, { metadata: key, data: { a: '1' } }, LASTING);
  await tell('making it again', client.create(CONFIG_MAP, { metadata: key }, LASTING));
  await tell('replacing it', done(client.replace(CONFIG_MAP, { ...map, data: { a: '2' } }, LASTING)));
  await tell('replacing what it was', client.replace(CONFIG_MAP, { ...map, data: { a: '3' } }, LASTING));
  const other = { ...map, metadata: { ...key, name: 'other' } };
  await tell('replacing nothing', client.replace(CONFIG_MAP, other, LASTING));

  for (const data of [{ a: 'MQ==', b: 'MQ==' }, { b: 'Mg==' }]) {
    const { data: stored } = await client.apply<Secret>(SECRET, { metadata: key, data }, MANAGER);
    told.push(['what is applied', stored]);
  }

  const spec = defaultedSpec({ azure: AZURE, packages: PACKAGES } as SimulatedWorld, 'contoso.contoso.com');
  const made = await client.create(CMG_KIND, { metadata: key, spec }, LASTING);
  const status = { observedGeneration: 1, conditions: [] };
  const statusOf = (object: KubernetesObject, next: object = status) => ({ metadata: versionOf(object), status: next });
  await tell('the first status', done(client.applyStatus(CMG_KIND, statusOf(made), MANAGER)));
  await tell('a status on what it was', client.applyStatus(CMG_KIND, statusOf(made, {}), MANAGER));
  await tell('a finalizer on what it was', finalize(client, made));
  const before = await read();
  const same = await client.applyStatus<KubernetesObject>(CMG_KIND, statusOf(before), MANAGER);
  told.push(['the same status', same.metadata.resourceVersion === before.metadata.resourceVersion]);
  await tell('a finalizer', done(finalize(client, before)));
  await client.delete(CMG_KIND, key, LASTING);
  const going = await read();
  told.push(['what is held', going.metadata.finalizers, typeof going.metadata.deletionTimestamp]);
  const patch = removeFinalizerPatch(going.metadata, FINALIZER) ?? [];
  await tell('letting it go', done(client.patch(CMG_KIND, key, { type: 'json', body: patch }, LASTING)));
  await tell('reading what is gone', read());
  await tell('a status on what is gone', client.applyStatus(CMG_KIND, statusOf(going), MANAGER));
  return told;
}

function versionOf({ metadata: { name, namespace = '', uid, resourceVersion } }: KubernetesObject) {
  return { name, namespace, uid, resourceVersion };
}

function finalize(client: KubernetesClient, { metadata }: KubernetesObject): Promise<unknown> {
  const body = addFinalizerPatch(metadata, FINALIZER) ?? [];
  return client.patch(CMG_KIND, metadata, { type: 'json', body }, LASTING);
}

it('answers as a real API server does to what the operator writes', async () => {
  const namespace = await namespaceForTest('memory');
  const real = await story(clientForTest(), namespace);
  expect(await story(createMemoryKubernetes(() => Date.now()).client, namespace)).toEqual(real);
});
