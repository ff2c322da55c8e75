import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import type { FaultRule } from '../../simulators/arm/faults.ts';
import { bundleOperatorProcess, startOperatorProcess } from '../../world/operator-process.ts';
import { type GatewayTest, isReady, operatorSuite, PATIENCE_MS } from './suite.ts';

const SPEED = 300;
const suite = operatorSuite({ speed: SPEED });
let program: string;
beforeAll(async () => {
  const folder = makeTemporaryDirectory();
  program = await bundleOperatorProcess(folder);
  return () => removeTemporaryDirectory(folder);
});

/** How many writes a provisioning takes, each of them a PUT of a resource. The first test holds it to the truth. */
const WRITES = 15;
const WRITE = { method: 'PUT', urlPattern: '^/subscriptions/' };

/** What a provisioning leaves behind, without what differs each time. */
interface Outcome {
  readonly resources: readonly string[];
  readonly virtualMachines: readonly unknown[];
  /** The resources that Azure accepted a write of, each as often as that happened. */
  readonly writes: readonly string[];
  readonly finished: { readonly phase: string | undefined; readonly instances: unknown };
}

/** Applies a gateway that no operator works on yet. */
async function begin(): Promise<GatewayTest> {
  const test = await suite.begin({ withoutOperator: true });
  const { cmg, certificate, credentials } = await test.manifests();
  await test.apply(certificate, credentials, cmg);
  return test;
}

/** Starts an operator in a process of its own, and kills it as soon as something has `happened`. */
async function killWhen(test: GatewayTest, happened: () => Promise<void> | void): Promise<void> {
  const operator = startOperatorProcess({
    program,
    kubeconfigPath: test.kubeconfigPath,
    world: suite.world(),
    speed: SPEED,
    flags: ['--namespaces', test.namespace],
  });
  onTestFinished(operator.close);
  try {
    await vi.waitFor(happened, { timeout: PATIENCE_MS, interval: 1 });
  } catch (error) {
    throw new Error(`${String(error)}; the operator says: ${operator.log().slice(-4000)}`);
  }
  await operator.kill();
}

/** Kills an operator at a request that Azure carries out and whose answer it never gets. */
async function killAtRequest(test: GatewayTest, match: FaultRule['match']): Promise<void> {
  const { faults } = test.azure.control;
  faults.add({ match, action: { kind: 'applyThenDrop' } });
  await killWhen(test, () => {
    expect(faults.rules[0]?.applied).toBe(1);
  });
  faults.clear();
}

/** Starts another operator, and sees what it makes of what it finds. */
async function finish(test: GatewayTest): Promise<Outcome> {
  await test.startOperator();
  const { status } = await test.untilReady();
  const [deployment] = status?.deployments ?? [];
  const plain = (value: unknown) =>
    JSON.stringify(value)
      .replaceAll(test.namespace, 'NAMESPACE')
      .replaceAll(`"${deployment?.id}"`, '"DEPLOYMENT"')
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, 'GUID')
      .replaceAll(/\b[0-9a-f]{32}\b/g, 'HASH')
      .replaceAll(/\b0x[0-9A-F]{15}\b/g, 'ETAG')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)/g, 'TIME')
      .replaceAll(/"(created|updated)":\d+/g, '"$1":TIME')
      .replaceAll(/"ipAddress":"[\d.]+"/g, '"ipAddress":ADDRESS');
  const id = String(test.resources('Microsoft.Compute/virtualMachineScaleSets')[0]?.id);
  const machines = test.azure.control.call('GET', `${id}/virtualMachines?api-version=2024-11-01`).body;
  return {
    resources: test.resources().map(plain).toSorted(),
    virtualMachines: (machines as unknown as { value: { instanceId: unknown }[] }).value.map((vm) => vm.instanceId),
    writes: test.azure.control.writes.map(({ path }) => plain(path)).toSorted(),
    finished: { phase: deployment?.phase, instances: deployment?.instances },
  };
}

/** Samples with real processes and a real API server. Every write and every fault: `test/faults/`. */
describe('an operator that is killed and started again', () => {
  let undisturbed: Outcome;

  it(`has ${WRITES} writes at which it can be killed`, async () => {
    undisturbed = await finish(await begin());
    expect(undisturbed.writes).toHaveLength(WRITES);
  });

  it('ends in the same state, with nothing written twice, when it was killed at a write', async () => {
    const test = await begin();
    await killAtRequest(test, { ...WRITE, nth: Math.ceil(WRITES / 2) });
    expect(await finish(test)).toEqual(undisturbed);
  });

  it('ends in the same state when it was killed between the record of the gateway and the first write', async () => {
    const test = await begin();
    await killWhen(test, async () => {
      expect((await test.cmg()).status?.deployments).toHaveLength(1);
    });
    const recorded = (await test.cmg()).status?.deployments?.[0]?.id;
    expect(await finish(test)).toEqual(undisturbed);
    expect((await test.cmg()).status?.deployments?.map(({ id }) => id)).toEqual([recorded]);
  });

  it('uploads the service package again when it was killed during the upload, and only then', async () => {
    const test = await begin();
    await killAtRequest(test, { method: 'PUT', urlPattern: '^/blob/' });
    expect(await finish(test)).toEqual(undisturbed);
  });

  it('ends in the same state when each operator is killed at its first write', async () => {
    const test = await begin();
    const { faults } = test.azure.control;
    let left = true;
    while (left) {
      faults.add({ match: WRITE, action: { kind: 'applyThenDrop' } });
      await killWhen(test, async () => {
        const { metadata, status } = await test.cmg();
        left = faults.rules[0]?.applied === 1;
        expect(left || isReady(status, metadata.generation)).toBe(true);
      });
      faults.clear();
    }
    expect(await finish(test)).toEqual(undisturbed);
  });
});
