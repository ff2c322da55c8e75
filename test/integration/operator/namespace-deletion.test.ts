import { Writable } from 'node:stream';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../../src/observability/logging.ts';
import { findCondition } from '../../../src/runtime/conditions.ts';
import type { IssuedCertificate } from '../../certificate-authority.ts';
import { installAdmissionPolicies } from '../../cluster/admission-policies.ts';
import { MERGE_PATCH, waitFor } from '../../cluster/api-client.ts';
import { type ControlPlane, startControlPlane } from '../../cluster/control-plane.ts';
import { installDefinitions } from '../../cluster/definitions.ts';
import { apply, readCmg } from '../../demo/steps.ts';
import { gatewayManifests, type Manifest, pathOf } from '../../world/gateway-manifests.ts';
import { startOperatorUnderTest } from '../../world/operator-under-test.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { withoutMark } from '../../world/without-mark.ts';
import { BUILD_TIMEOUT_MS } from '../chart/helm.ts';
import { isReady } from './suite.ts';

const SERVICE_NAME = 'granitefalls.contoso.com';
const PATIENCE_MS = 60_000;

/** With the real namespace controller, which deletes Secrets and CMGs at the same time. */
let controlPlane: ControlPlane;
let world: SimulatedWorld;
let certificate: IssuedCertificate;
let namespace: string;
let log = '';

beforeAll(async () => {
  controlPlane = await startControlPlane({ controllerManager: true });
  await installDefinitions(controlPlane.api);
  world = await startSimulatedWorld({ speed: 200 });
  certificate = await world.authority.issue({ commonName: SERVICE_NAME, organization: 'Contoso' });
  return async () => {
    await world.close();
    await controlPlane.stop();
  };
}, BUILD_TIMEOUT_MS);

beforeEach(async () => {
  world.azure.control.reset();
  world.azure.control.settings.durationFactor = 0.05;
  namespace = await controlPlane.createNamespace('going');
  log = '';
});

async function startOperator() {
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      log += String(chunk);
      done();
    },
  });
  const operator = await startOperatorUnderTest({
    kubeconfigPath: controlPlane.kubeconfigPath,
    world,
    logger: createLogger({ level: 'info', format: 'json', destination }),
    flags: ['--namespaces', namespace],
  });
  onTestFinished(async () => void (await operator.stop()));
  return operator;
}

/** A gateway that is Ready. */
async function gatewayWith(deletionProtection: boolean): Promise<Manifest> {
  const { cmg, credentials, ...manifests } = gatewayManifests(world, {
    ...{ namespace, name: 'granitefalls', serviceName: SERVICE_NAME, certificate },
  });
  const spec = { ...(cmg.spec as object), deletionProtection };
  const gateway = { ...cmg, spec };
  for (const manifest of [manifests.certificate, credentials, gateway]) {
    if (manifest !== undefined) await apply(controlPlane.api, manifest);
  }
  await waitFor(
    'the CMG to be Ready',
    async () => {
      const { status, metadata } = await readCmg(controlPlane.api, gateway);
      return isReady(status, metadata.generation) || undefined;
    },
    PATIENCE_MS,
  );
  return gateway;
}

const isThere = async (path: string) => (await controlPlane.api.send('GET', path)).status !== 404;

async function untilGone(what: string, path: string): Promise<void> {
  await waitFor(`${what} to be gone`, async () => !(await isThere(path)) || undefined, PATIENCE_MS);
}

const deleteNamespace = () => controlPlane.api.call('DELETE', `/api/v1/namespaces/${namespace}`);
const untilNamespaceIsGone = () => untilGone('the namespace', `/api/v1/namespaces/${namespace}`);

describe('a protected gateway where no admission policy is installed', () => {
  it('stays in Azure when its CMG is deleted, as an event says, and its status for as long as it is there', async () => {
    await startOperator();
    const cmg = await gatewayWith(true);
    const before = withoutMark(world.azure.control.state());
    // As kubectl delete --cascade=foreground does, until what belongs to the CMG is gone.
    const kept = { metadata: { finalizers: ['configmgr.io/gateway', 'contoso.com/kept'] } };
    await controlPlane.api.call('PATCH', pathOf(cmg), kept, MERGE_PATCH);
    await controlPlane.api.call('DELETE', pathOf(cmg));
    const left = await waitFor('the operator to let go', async () => {
      const seen = await readCmg(controlPlane.api, cmg);
      return seen.metadata.finalizers?.includes('configmgr.io/gateway') ? undefined : seen;
    });
    expect(findCondition(left.status?.conditions, 'AzureReady')).toMatchObject({
      status: 'Unknown',
      reason: 'Retained',
    });
    expect(findCondition(left.status?.conditions, 'Ready')?.message).toContain('the gateway stays in Azure');
    await controlPlane.api.call('PATCH', pathOf(cmg), { metadata: { finalizers: null } }, MERGE_PATCH);
    await untilGone('the CMG', pathOf(cmg));
    expect(withoutMark(world.azure.control.state())).toEqual(before);
    const told = await waitFor('an event', async () => {
      const { items } = (await controlPlane.api.call(
        'GET',
        `/apis/events.k8s.io/v1/namespaces/${namespace}/events`,
      )) as {
        readonly items: readonly { readonly reason: string; readonly type: string; readonly note: string }[];
      };
      return items.find(({ reason }) => reason === 'DeletionProtected');
    });
    expect(told.type).toBe('Warning');
    expect(told.note).toContain('The CMG was deleted although spec.deletionProtection is true');
  });
});

describe('a namespace that is deleted', () => {
  it('goes, and leaves a protected gateway in Azure', async () => {
    await installAdmissionPolicies(controlPlane.api);
    await startOperator();
    await gatewayWith(true);
    const before = withoutMark(world.azure.control.state());
    await deleteNamespace();
    await untilNamespaceIsGone();
    expect(withoutMark(world.azure.control.state())).toEqual(before);
    expect(log).toContain('"reason":"DeletionProtected"');
  });

  it('goes, and takes an unprotected gateway along, although its Secrets go first', async () => {
    await installAdmissionPolicies(controlPlane.api);
    await startOperator();
    await gatewayWith(false);
    // Whoever wins the race otherwise: here it is the Secret that goes first.
    world.azure.control.settings.durationFactor = 1;
    await deleteNamespace();
    await untilGone('the Secret', `/api/v1/namespaces/${namespace}/secrets/azure`);
    await untilNamespaceIsGone();
    expect(world.azure.control.state()).toEqual([]);
  });

  it('goes after an hour although the operator has no way into Azure any more, and says what is left there', async () => {
    await installAdmissionPolicies(controlPlane.api);
    const operator = await startOperator();
    const cmg = await gatewayWith(false);
    const before = withoutMark(world.azure.control.state());
    await operator.stop();
    await deleteNamespace();
    await untilGone('the Secret', `/api/v1/namespaces/${namespace}/secrets/azure`);
    await startOperator();
    const message = await waitFor('the removal to be blocked', async () => {
      const ready = findCondition((await readCmg(controlPlane.api, cmg)).status?.conditions, 'Ready');
      return ready?.reason === 'DeletionBlocked' ? ready.message : undefined;
    });
    expect(message).toMatch(
      /The namespace is being deleted and does not wait for ever: from \S+Z on the gateway is left/,
    );
    const until = Date.parse(/from (\S+Z) on/.exec(message)?.[1] ?? '');
    await untilNamespaceIsGone();
    expect(world.azure.clock.now()).toBeGreaterThanOrEqual(until);
    expect(withoutMark(world.azure.control.state())).toEqual(before);
    expect(log).toContain('"reason":"DeletionGivenUp"');
    expect(log).toContain('in the resource group cmg-granitefalls of the subscription');
  });
});

describe('the definition of the kind', () => {
  it('may be deleted, which no policy hinders, without the loss of a protected gateway', async () => {
    await installAdmissionPolicies(controlPlane.api);
    await startOperator();
    const cmg = await gatewayWith(true);
    const before = withoutMark(world.azure.control.state());
    const definition = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/cmgs.configmgr.io';
    await controlPlane.api.call('DELETE', definition);
    await untilGone('the CMG', pathOf(cmg));
    await untilGone('the definition', definition);
    expect(withoutMark(world.azure.control.state())).toEqual(before);
    await installDefinitions(controlPlane.api);
  });
});
