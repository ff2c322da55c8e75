import { expect, it } from 'vitest';
import type { CMG } from '../../../src/api/v1alpha1/cmg.generated.ts';
import { findCondition } from '../../../src/runtime/conditions.ts';
import { MERGE_PATCH, waitFor } from '../../cluster/api-client.ts';
import { gatewayManifests } from '../../world/gateway-manifests.ts';
import { type GatewayTest, isReady, operatorSuite, PATIENCE_MS } from './suite.ts';

const suite = operatorSuite();
const NAMES = ['granitefalls', 'fourthcoffee'] as const;

async function apply(test: GatewayTest, name: string): Promise<void> {
  const serviceName = `${name}.contoso.com`;
  const certificate = await suite.certificateFor({ commonName: serviceName, organization: 'Contoso' });
  const { namespace } = test;
  const spec = { vm: { instances: 2 } };
  const manifests = gatewayManifests(suite.world(), { namespace, name, serviceName, certificate, spec });
  await test.apply(manifests.certificate, manifests.credentials, manifests.cmg);
}

async function fleetOf({ api, namespace }: GatewayTest): Promise<readonly CMG[]> {
  const list = await api.call('GET', `/apis/configmgr.io/v1alpha1/namespaces/${namespace}/cmgs`);
  return (list as { readonly items: readonly CMG[] }).items;
}

async function untilAll(test: GatewayTest, what: string, holds: (fleet: readonly CMG[]) => boolean): Promise<void> {
  await waitFor(what, async () => holds(await fleetOf(test)) || undefined, PATIENCE_MS);
}

const isSettled = ({ metadata, status }: CMG) =>
  isReady(status, metadata.generation) && findCondition(status?.conditions, 'Reconciling') === undefined;

/** For which gateways the rollout of one is braked. */
const waitsFor = ({ status }: CMG) => {
  const reconciling = findCondition(status?.conditions, 'Reconciling');
  return reconciling?.reason === 'RolloutWaiting' ? reconciling.message : undefined;
};

it('a change of two gateways at once reaches one after the other, through a restart too', async () => {
  const test = await suite.begin({ withoutOperator: true });
  const operator = await test.startOperator();
  for (const name of NAMES) await apply(test, name);
  await untilAll(test, 'both to be Ready', (fleet) => fleet.length === 2 && fleet.every(isSettled));

  for (const name of NAMES) {
    const path = `/apis/configmgr.io/v1alpha1/namespaces/${test.namespace}/cmgs/${name}`;
    await test.api.call('PATCH', path, { spec: { enforceTls12: false } }, MERGE_PATCH);
  }
  await untilAll(test, 'one to wait for the other', (fleet) => fleet.some((cmg) => waitsFor(cmg) !== undefined));
  const fleet = await fleetOf(test);
  const waiting = fleet.find((cmg) => waitsFor(cmg) !== undefined);
  const other = NAMES.find((name) => name !== waiting?.metadata.name);
  expect(waiting && waitsFor(waiting)).toContain(`${test.namespace}/${other}`);
  expect(findCondition(waiting?.status?.conditions, 'Ready')?.status).toBe('True');

  await operator.stop();
  await test.startOperator();
  await untilAll(test, 'both to be Ready again', (all) => all.every(isSettled));
  const upgraded = test.azure.control.writes
    .filter(({ method, path }) => method === 'POST' && path.includes('/manualupgrade'))
    .map(({ path }) => NAMES.find((name) => path.includes(`/${name}/`)));
  expect(upgraded).toEqual([other, other, waiting?.metadata.name, waiting?.metadata.name]);
});
