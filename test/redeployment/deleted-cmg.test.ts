import { expect, it } from 'vitest';
import { ADOPT_ANNOTATION } from '../../src/controllers/cmg/ownership.ts';
import { OWNER_TAG } from '../../src/gateway/tags.ts';
import type { KubernetesClient } from '../../src/runtime/client.ts';
import { CONFIG_MAP, type ConfigMap, SECRET } from '../../src/runtime/objects.ts';
import { GATEWAY } from '../faults/stage.ts';
import {
  anotherCluster,
  type Change,
  createRedeploymentStage,
  HOUR,
  type Lives,
  MINUTE,
  named,
  type RedeploymentStage,
  timeOnly,
} from './stage.ts';
import { beginEachWithStage } from './suite.ts';

let lives: Lives;
let stage: RedeploymentStage;
beginEachWithStage((...begun) => {
  [stage, lives] = begun;
});

const inGroup =
  (name: string): Change =>
  (spec) => ({ ...spec, azure: { ...spec.azure, resourceGroup: { ...spec.azure.resourceGroup, name } } });
const groupOf = (name: string) => `/subscriptions/${lives.world.azure.subscriptionId}/resourceGroups/${name}`;
const untilGone = (of = stage) => of.runUntil(() => of.cmg() === undefined, HOUR);
const slots = () =>
  Object.keys((stage.kubernetes.objects(CONFIG_MAP.plural) as readonly ConfigMap[])[0]?.data ?? {}).filter(
    (key) => key === stage.cmg()?.metadata.uid,
  );

/** The client secret is in another Secret. */
const withSecret =
  (name: string): Change =>
  ({ azure, ...spec }) => {
    const { clientSecret, ...credentials } = azure.credentials;
    if (clientSecret === undefined) throw new Error('The gateway signs in otherwise.');
    const secretRef = { ...clientSecret.secretRef, name };
    return {
      ...spec,
      azure: { ...azure, credentials: { ...credentials, clientSecret: { ...clientSecret, secretRef } } },
    };
  };

it('takes a gateway with it of which only the tags in Azure tell any more', async () => {
  await stage.ready(timeOnly);
  // Until its tags say that clients may depend on it.
  await stage.operator.runFor(5 * MINUTE);
  await stage.loseStatus();
  stage.remove(GATEWAY);
  stage.restart();
  await stage.runUntil(() => stage.phases().includes('contoso Deleting'));
  expect(slots()).toHaveLength(1);
  await untilGone();
  expect([stage.gateways(), stage.groups()]).toEqual([[], []]);
});

it('waits where Azure cannot be searched for what its status may have told of, and says so', async () => {
  await stage.ready(timeOnly);
  await stage.loseStatus();
  stage.kubernetes.remove(SECRET, { namespace: 'gateways', name: 'azure' });
  stage.remove(GATEWAY);
  stage.restart();
  await stage.runUntil(() => stage.reason('AzureReady') === 'DeletionBlocked');
  expect(stage.message('AzureReady')).toMatch(/azure does not exist.*spec\.deletionPolicy to Retain/s);
  await stage.operator.runFor(2 * HOUR);
  expect(stage.gateways()).toEqual(['contoso westeurope']);
});

it('takes the one that never served first, and asks the fleet brake for the other one alone', async () => {
  await stage.ready(timeOnly, inGroup('rg-contoso'));
  stage.change(named('fabrikam.contoso.com'), inGroup('rg-fabrikam'));
  await stage.runUntil(() => stage.groups().includes('rg-fabrikam'), HOUR);
  stage.remove(GATEWAY);
  await stage.runUntil(() => stage.phases().includes('fabrikam Deleting'));
  expect([stage.phases(), slots()]).toEqual([['contoso Active', 'fabrikam Deleting'], []]);
  await untilGone();
  const groups = stage.writes('DELETE').map((write) => write.split('/').at(-1));
  expect([groups, lives.world.azure.control.state()]).toEqual([['rg-fabrikam', 'rg-contoso'], []]);
});

it('leaves a gateway alone that has lost its tags, until it is taken back', async () => {
  await stage.ready(timeOnly, inGroup('rg-contoso'));
  for (const { id, tags } of lives.world.azure.control.state()) {
    if (tags !== undefined) lives.world.azure.control.mutate(String(id), { tags: { [OWNER_TAG]: null } });
  }
  stage.remove(GATEWAY);
  await stage.runUntil(() => stage.reason('AzureReady') === 'DeletionBlocked');
  const line = `kubectl annotate --namespace gateways cmg contoso ${ADOPT_ANNOTATION}=${groupOf('rg-contoso')}`;
  expect(stage.message('AzureReady')).toContain(line);
  await stage.operator.runFor(2 * HOUR);
  expect([stage.writes('DELETE'), stage.phases(), stage.cmg()?.status?.leavingSince]).toEqual([
    [],
    ['contoso Active'],
    undefined,
  ]);
  stage.annotate({ [ADOPT_ANNOTATION]: groupOf('rg-contoso') });
  await untilGone();
  expect([stage.gateways(), stage.groups()]).toEqual([[], []]);
});

it('keeps what another cluster has taken over, in Azure and on its site', async () => {
  await stage.ready(timeOnly, inGroup('rg-contoso'));
  stage.operator.kill();
  const young = anotherCluster(lives, { clusterUid: 'young' });
  await young.ready(timeOnly, inGroup('rg-contoso'));
  young.operator.kill();
  stage.remove(GATEWAY);
  stage.restart();
  await stage.runUntil(() => stage.reason('AzureReady') === 'DeletionBlocked');
  expect(stage.message('AzureReady')).toContain('kube-system has the UID young');
  await stage.operator.runFor(30 * MINUTE);
  expect([stage.writes('DELETE'), stage.cmg()?.status?.leavingSince, slots()]).toEqual([[], undefined, []]);
  stage.change((spec) => ({ ...spec, deletionPolicy: 'Retain' }));
  await untilGone();
  expect(stage.gateways()).toEqual(['contoso westeurope']);
});

it('takes nothing before it is written down that it goes', async () => {
  let isRefused = false;
  const between = (client: KubernetesClient): KubernetesClient => ({
    ...client,
    applyStatus: (...args) =>
      isRefused ? Promise.reject(new Error('The API server takes no status.')) : client.applyStatus(...args),
  });
  stage.operator.kill();
  stage = createRedeploymentStage(lives, { between });
  await stage.ready(timeOnly);
  isRefused = true;
  stage.remove(GATEWAY);
  await stage.operator.runFor(HOUR);
  expect([stage.writes('DELETE'), stage.gateways()]).toEqual([[], ['contoso westeurope']]);
  isRefused = false;
  await untilGone();
  expect(stage.gateways()).toEqual([]);
});

it('goes on as whom the spec says by now', async () => {
  await stage.ready(timeOnly);
  await stage.operator.runFor(5 * MINUTE);
  const [azure] = stage.kubernetes.objects(SECRET.plural).filter(({ metadata }) => metadata.name === 'azure');
  if (azure === undefined) throw new Error('There is no Secret for Azure.');
  const { metadata, ...rest } = azure;
  stage.kubernetes.remove(SECRET, metadata);
  stage.remove(GATEWAY);
  await stage.runUntil(() => stage.reason('AzureReady') === 'DeletionBlocked');
  stage.kubernetes.put(SECRET, { ...rest, metadata: { namespace: 'gateways', name: 'azure-2' } });
  stage.change(withSecret('azure-2'));
  await untilGone();
  expect(stage.gateways()).toEqual([]);
});

it('tells first of the gateway that needs a person', async () => {
  await stage.ready(timeOnly, inGroup('rg-contoso'));
  stage.change(named('fabrikam.contoso.com'), inGroup('rg-fabrikam'));
  await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
  for (const { id, tags } of lives.world.azure.control.state()) {
    const isOld = String(id).toLowerCase().includes('/rg-contoso');
    if (isOld && tags !== undefined) lives.world.azure.control.mutate(String(id), { tags: { [OWNER_TAG]: null } });
  }
  stage.remove(GATEWAY);
  await stage.runUntil(() => !stage.groups().includes('rg-fabrikam'), HOUR);
  expect([stage.groups(), stage.reason('AzureReady')]).toEqual([['rg-contoso'], 'DeletionBlocked']);
});
