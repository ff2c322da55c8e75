import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { CMG } from '../../../src/api/v1alpha1/cmg.generated.ts';
import { findCondition } from '../../../src/runtime/conditions.ts';
import { computeKstatus } from '../../../src/runtime/kstatus.ts';
import { certificateSecret, pathOf } from '../../world/gateway-manifests.ts';
import { type GatewayTest, NAME, operatorSuite } from '../operator/suite.ts';
import { CUSTOMIZATION, type Health, healthSuite } from './health-script.ts';
import { seenGateway } from './seen-gateway.ts';

const suite = operatorSuite();
const healthOf = healthSuite();

interface HealthTest {
  readonly healthStatus: Health;
  readonly inputPath: string;
}

const { tests }: { readonly tests: readonly HealthTest[] } = parse(
  readFileSync(join(CUSTOMIZATION, 'health_test.yaml'), 'utf8'),
);

/** Slows Azure down so that what is under way stays so while a test looks. */
const HELD = 2000;

/** How a gateway gets into a state, and the object as it is then. */
const STATES: Readonly<Record<string, () => Promise<[GatewayTest, CMG]>>> = {
  'not-seen': async () => {
    const test = await begin({ withoutOperator: true });
    return [test, await test.cmg()];
  },
  'certificate-missing': async () => {
    const test = await suite.begin();
    const { credentials, cmg } = await test.manifests();
    await test.apply(credentials, cmg);
    await test.untilReason('Ready', 'SecretNotFound');
    return [test, await test.cmg()];
  },
  provisioning: async () => {
    const test = await suite.begin();
    test.azure.control.settings.durationFactor = HELD;
    await applyGateway(test);
    return [test, await settled(test, 'Provisioning')];
  },
  ready: async () => {
    const test = await begin();
    return [test, await test.untilReady()];
  },
  updating: async () => {
    const test = await begin();
    await test.untilReady();
    test.azure.control.settings.durationFactor = HELD;
    await test.patchSpec({ vm: { instances: 2 } });
    return [test, await settled(test, 'Updating')];
  },
  'region-unknown': async () => {
    const test = await suite.begin();
    await applyGateway(test, { region: 'westeuropa' });
    await test.untilReason('Ready', 'RegionNotFound');
    return [test, await test.cmg()];
  },
  'redeployment-refused': async () => {
    const test = await begin();
    await test.untilReady();
    await test.patchSpec({ azure: { region: 'northeurope', resourceGroup: { name: 'rg-north' } } });
    return [test, await settled(test, 'NoOtherActiveCMG')];
  },
  'redeployment-runs': async () => {
    const test = await begin();
    await test.untilReady();
    const serviceName = 'granitefalls2.contoso.com';
    const certificate = await suite.certificateFor({ commonName: serviceName });
    await test.apply(certificateSecret(test.namespace, 'granitefalls2-tls', certificate, suite.world()));
    await test.patchSpec({ serviceName, serverCertificate: { secretRef: { name: 'granitefalls2-tls' } } });
    const phasesOf = ({ status }: CMG) => status?.deployments?.map(({ phase }) => phase).join();
    await test.until(
      'clients to be given the time to learn the new one',
      (cmg) => phasesOf(cmg) === 'Superseded,Active',
    );
    await test.untilReason('Redeploying', 'WaitingForClients');
    return [test, await test.untilReady()];
  },
  'change-not-seen': async () => {
    const test = await begin({ withoutOperator: true });
    const operator = await test.startOperator();
    await test.untilReady();
    await operator.stop();
    await test.patchSpec({ vm: { instances: 2 } });
    return [test, await test.cmg()];
  },
  suspended: async () => {
    const test = await begin();
    await test.untilReady();
    await test.patchSpec({ suspend: true });
    return [test, await test.cmg()];
  },
  'suspended-before-seen': async () => {
    const test = await begin({ withoutOperator: true });
    await test.patchSpec({ suspend: true });
    return [test, await test.cmg()];
  },
  deleting: async () => {
    const test = await beginUnprotected();
    test.azure.control.settings.durationFactor = HELD;
    await test.api.call('DELETE', pathTo(test));
    return [test, await settled(test, 'Deleting')];
  },
  'deletion-blocked': async () => {
    const test = await beginUnprotected();
    await test.api.call('DELETE', `/api/v1/namespaces/${test.namespace}/secrets/azure`);
    await test.untilReason('PrerequisitesMet', 'SecretNotFound');
    await test.api.call('DELETE', pathTo(test));
    return [test, await settled(test, 'DeletionBlocked')];
  },
};

async function begin(options: Parameters<typeof suite.begin>[0] = {}): Promise<GatewayTest> {
  const test = await suite.begin(options);
  await applyGateway(test);
  return test;
}

/** A gateway that is Ready, and whose deletion nothing refuses. */
async function beginUnprotected(): Promise<GatewayTest> {
  const test = await begin();
  await test.untilReady();
  await test.patchSpec({ deletionProtection: false });
  await test.untilReady();
  return test;
}

function pathTo({ namespace }: GatewayTest): string {
  return pathOf({ apiVersion: 'configmgr.io/v1alpha1', kind: 'CMG', metadata: { name: NAME, namespace } });
}

async function applyGateway(test: GatewayTest, azure: object = {}): Promise<void> {
  const { certificate, credentials, cmg } = await test.manifests();
  const spec = cmg.spec as { readonly azure: object };
  await test.apply(certificate, credentials, { ...cmg, spec: { ...spec, azure: { ...spec.azure, ...azure } } });
}

/** Waits for a reason of Ready, and until every write that belongs to it has been made. */
async function settled(test: GatewayTest, reason: string): Promise<CMG> {
  let last = '';
  let since = 0;
  return test.until(`${reason} to be all there is to say`, ({ metadata, status }) => {
    const ready = findCondition(status?.conditions, 'Ready');
    if (ready?.reason !== reason || ready.observedGeneration !== metadata.generation) return false;
    // The simulated clock runs on: polls of some simulated minutes change nothing any more.
    const text = JSON.stringify(status);
    const now = test.azure.clock.now();
    since = text === last ? since : now;
    last = text;
    return now - since > 5 * 60_000;
  });
}

describe('the health script', () => {
  it.each(Object.keys(STATES))('judges a real gateway, %s', async (state) => {
    const enter = STATES[state];
    if (enter === undefined) throw new Error(`No state ${state}.`);
    const [test, cmg] = await enter();
    const text = seenGateway(cmg, test, suite.world());
    const inputPath = `testdata/${state}.yaml`;
    await expect(text).toMatchFileSnapshot(join(CUSTOMIZATION, inputPath));
    expect(await healthOf([parse(text)])).toEqual([tests.find((each) => each.inputPath === inputPath)?.healthStatus]);
  });

  it('has a test for each file of test data, and none twice', () => {
    const files = readdirSync(join(CUSTOMIZATION, 'testdata')).map((name) => `testdata/${name}`);
    expect(tests.map(({ inputPath }) => inputPath).sort()).toEqual(files.sort());
    expect(
      Object.keys(STATES)
        .map((state) => `testdata/${state}.yaml`)
        .sort(),
    ).toEqual(files);
  });

  it.each(tests)('judges $inputPath as health_test.yaml has it', async ({ inputPath, healthStatus }) => {
    const object = parse(readFileSync(join(CUSTOMIZATION, inputPath), 'utf8'));
    expect(await healthOf([object])).toEqual([healthStatus]);
  });

  it('says Degraded when, and only when, kstatus says Failed', async () => {
    const objects: CMG[] = tests.map(({ inputPath }) => parse(readFileSync(join(CUSTOMIZATION, inputPath), 'utf8')));
    const healths = await healthOf(objects);
    const awake = objects.flatMap((object, index) => (object.spec.suspend ? [] : [[object, healths[index]] as const]));
    for (const [object, health] of awake) {
      // To kstatus an object in deletion is only that.
      const { deletionTimestamp: _, ...metadata } = object.metadata;
      const { state } = computeKstatus({ ...object, metadata });
      expect([object.metadata.name, health?.status === 'Degraded']).toEqual([object.metadata.name, state === 'Failed']);
    }
  });
});

describe('the health script, when fields are missing', () => {
  const metadata = { name: 'gateway', generation: 2 };
  const waiting = { status: 'Progressing', message: 'Waiting for the operator to see this version of the spec.' };

  it.each<{ readonly what: string; readonly object: object; readonly health: Health }>([
    { what: 'everything but metadata', object: { metadata }, health: waiting },
    { what: 'the status', object: { metadata, spec: {} }, health: waiting },
    { what: 'all of the status', object: { metadata, spec: {}, status: {} }, health: waiting },
    {
      what: 'the observed generation',
      object: { metadata, status: { conditions: [{ type: 'Ready', status: 'True', message: 'Old.' }] } },
      health: waiting,
    },
    {
      what: 'the conditions',
      object: { metadata, status: { observedGeneration: 2 } },
      health: { status: 'Progressing', message: 'The operator is at work.' },
    },
    {
      what: 'type and message of conditions',
      object: {
        metadata,
        status: { observedGeneration: 2, conditions: [{ status: 'True' }, { type: 'Stalled', status: 'True' }] },
      },
      health: { status: 'Degraded', message: 'It does not go on until somebody acts.' },
    },
    {
      what: 'the message of Ready',
      object: {
        metadata,
        status: { observedGeneration: 2, conditions: [{ type: 'Ready', status: 'True', message: '' }] },
      },
      health: { status: 'Healthy', message: 'It is as declared.' },
    },
  ])('$what', async ({ object, health }) => {
    expect(await healthOf([object])).toEqual([health]);
  });
});
