import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../../src/runtime/manual-clock.ts';
import { objectsAt, textAt } from './json-path.ts';
import { type ArmSimulator, startArmSimulator } from './simulator.ts';
import { codeOf, createTestClient, secretCredential, type TestClient } from './test-client.ts';

let simulator: ArmSimulator;
let client: TestClient;

beforeAll(async () => {
  simulator = await startArmSimulator({ clock: createManualClock(), blobs: false });
  client = createTestClient(simulator, secretCredential(simulator));
});
afterAll(async () => {
  await client?.[Symbol.asyncDispose]();
  await simulator?.close();
});
beforeEach(() => simulator.control.reset());

const ask = (method: string, path: string, body?: object) => client.send(method, path, body as never);
const seed = (body: object) => ask('POST', '/simulator/console-gateways', body);

describe('a gateway as the console makes it', () => {
  it('is there at once, with VMs that serve, a public name, and no tags', async () => {
    const made = await seed({ prefix: 'contoso', resourceGroup: 'rg-console', instances: 2 });
    const id = textAt(made.body, 'id') ?? '';
    expect(id).toMatch(/virtualMachineScaleSets\/contoso$/);
    const vms = await ask('GET', `${id}/virtualMachines?api-version=2024-11-01&$expand=instanceView`);
    const powers = objectsAt(vms.body, 'value').map((vm) => JSON.stringify(vm).includes('PowerState/running'));
    expect(powers).toEqual([true, true]);
    expect(simulator.control.addressOf('contoso.westeurope.cloudapp.azure.com')).toMatch(/^\d+\./);
    expect(simulator.control.state().filter(({ tags }) => Object.keys(tags ?? {}).length > 0)).toEqual([]);
    expect(simulator.control.settings.durationFactor).toBe(1);
  });

  it.each([
    ['Classic', 'Microsoft.ClassicCompute/domainNames', '2016-04-01'],
    ['ExtendedSupport', 'Microsoft.Compute/cloudServices', '2024-11-04'],
  ])('can be an old one (%s), of which Azure takes no more', async (model, type, apiVersion) => {
    const made = await seed({ prefix: 'contoso', resourceGroup: 'rg-console', model });
    const id = textAt(made.body, 'id') ?? '';
    const shown = await ask('GET', `${id}?api-version=${apiVersion}`);
    expect(shown.body).toMatchObject({ name: 'contoso', type, location: 'westeurope' });
    const another = await ask('PUT', `${id}2?api-version=${apiVersion}`, { location: 'westeurope' });
    expect([another.status, codeOf(another)]).toEqual([409, 'ConflictError']);
  });

  it('is refused with a model that there is not', async () => {
    const refused = await seed({ prefix: 'contoso', resourceGroup: 'rg-console', model: 'Container' });
    expect(refused.status).toBe(400);
  });
});
