import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectsAt, textAt } from '../arm/json-path.ts';
import { servedCertificate } from './gateway-client.ts';
import { type GatewayWorld, SERVICE_NAME, startGatewayWorld, until, untilServing } from './gateways.test-world.ts';
import { FAILING_STATUS } from './package-variants.ts';
import { putBlob, type SampleGateway } from './sample-gateway.ts';

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
}, 60_000);
afterAll(() => world?.close());

/** What Azure shows of the setup in the first VM. */
interface Seen {
  readonly code: string | undefined;
  readonly message: string;
  readonly output: string;
  readonly errors: string;
  /** Code and message of the VM's own state. */
  readonly vm: string;
}

function seen(gateway: SampleGateway): Seen {
  const [view] = gateway.views();
  const extension = objectsAt(view, 'extensions')[0];
  const [status] = objectsAt(extension, 'statuses');
  const [output, errors] = objectsAt(extension, 'substatuses').map((stream) => textAt(stream, 'message') ?? '');
  const [own] = objectsAt(view, 'statuses');
  return {
    code: textAt(status, 'code'),
    message: textAt(status, 'message') ?? '',
    output: output ?? '',
    errors: errors ?? '',
    vm: `${own?.code} ${own?.message ?? ''}`,
  };
}

async function untilSetup(gateway: SampleGateway, code: string): Promise<Seen> {
  await until(() => seen(gateway).code, code);
  return seen(gateway);
}

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);

/** Why the operation that made the VMs failed. */
const operationFailure = () =>
  world.azure.control.writes.findLast(({ path }) => /virtualmachinescalesets\/contoso$/i.test(path))?.failure;

describe('the setup of a simulated VM', () => {
  it('shows its status as the last line of its output when it fails, with its exit code', async () => {
    const gateway = await world.make({ variant: 'Failing' });
    const { message, output, errors, vm } = await untilSetup(gateway, 'ProvisioningState/failed/3');
    expect(message).toMatch(
      /^Command execution finished, but failed because it returned a non-zero exit code of: '3'\. The command had an error output of: 'prerequisites: too little memory'/,
    );
    expect(JSON.parse(lastLine(output) ?? '')).toEqual(FAILING_STATUS);
    expect(errors).toBe('prerequisites: too little memory\n');
    expect(vm).toMatch(/^ProvisioningState\/failed\/VMExtensionProvisioningError VM has reported a failure/);
    expect(operationFailure()).toMatchObject({ code: 'VMExtensionProvisioningError' });
  });

  it('shows what it printed when it ends without a status', async () => {
    const gateway = await world.make({ variant: 'Crashing' });
    const { output, errors } = await untilSetup(gateway, 'ProvisioningState/failed/1');
    expect(output).toBe('');
    expect(errors).toMatch(/The setup has come to an end that nobody foresaw\./);
  });

  it('may succeed with nothing that serves: the probe finds that out', async () => {
    const gateway = await world.make({ variant: 'Idle' });
    const { message, output } = await untilSetup(gateway, 'ProvisioningState/succeeded');
    expect(message).toBe('Finished executing command');
    expect(JSON.parse(lastLine(output) ?? '')).toMatchObject({ step: 'listen', state: 'Succeeded' });
    expect(textAt(gateway.views()[0], 'vmHealth.status.code')).toBe('HealthState/unhealthy');
    expect(world.azure.gateways.endpoint(gateway.address, 443)).toBeUndefined();
  });

  it('is given up when the time budget of its extensions is over, and killed', async () => {
    const gateway = await world.make({ variant: 'Hanging' });
    await until(() => seen(gateway).code, 'ProvisioningState/transitioning');
    await world.azure.control.advance(89 * 60_000);
    expect(seen(gateway).vm).toMatch(/^ProvisioningState\/creating/);
    await world.azure.control.advance(2 * 60_000);
    await until(
      () => seen(gateway).vm.slice(0, 120),
      expect.stringMatching(
        /^ProvisioningState\/failed\/VMExtensionProvisioningTimeout Provisioning of VM extension setup has timed out\./,
      ),
    );
    expect(seen(gateway).code).toBe('ProvisioningState/transitioning');
    expect(operationFailure()).toMatchObject({ code: 'VMExtensionProvisioningTimeout' });
  });

  it('may serve another certificate than it was told to', async () => {
    const gateway = await world.make({ variant: 'OtherCertificate' });
    await untilServing(gateway);
    const endpoint = world.azure.gateways.endpoint(gateway.address, 443);
    const served = await servedCertificate({ endpoint, serviceName: SERVICE_NAME });
    expect(served).toMatch(/^[0-9a-f]{64}$/);
    expect(served).not.toBe(gateway.deployment.certificate.sha256Fingerprint);
    expect(await servedCertificate({ endpoint, serviceName: SERVICE_NAME, trusted: world.authority.rootPem })).toBe(
      undefined,
    );
  });

  it('fails when the package is no archive, or not the one that was declared', async () => {
    const noArchive = await world.make({ package: Buffer.from('no archive') });
    expect((await untilSetup(noArchive, 'ProvisioningState/failed/1')).errors).toMatch(/Expand-Archive/);
    const another = await world.make({ changes: { servicePackage: { sha256: 'a1'.repeat(32) } } });
    expect((await untilSetup(another, 'ProvisioningState/failed/1')).errors).toMatch(
      /^The service package is not the expected one\./,
    );
  });

  it('finds no certificate when the settings name another, and says which one', async () => {
    const { certificate } = (await world.make()).deployment;
    const gateway = await world.make({
      changes: { certificate: { ...certificate, sha256Fingerprint: 'b2'.repeat(32) } },
    });
    const { output } = await untilSetup(gateway, 'ProvisioningState/failed/11');
    expect(JSON.parse(lastLine(output) ?? '')).toMatchObject({
      step: 'certificate',
      state: 'Failed',
      message: expect.stringContaining('b2'.repeat(32)),
    });
  });

  it('gets no files without a role for the data of the storage account', async () => {
    const gateway = await world.make({ variant: 'Idle' });
    await untilSetup(gateway, 'ProvisioningState/succeeded');
    const { control } = world.azure;
    const roles = control
      .state()
      .map(({ id }) => String(id))
      .filter((id) => /storageAccounts\/.*roleAssignments/i.test(id));
    expect(roles).toHaveLength(2);
    for (const id of roles) control.remove(id);
    gateway.act('reimage');
    const { message } = await untilSetup(gateway, 'ProvisioningState/failed/1');
    expect(message).toMatch(/^Failed to download all specified files\. .*\(403\) Forbidden/);
  });

  it('gets no token of an identity that the scale set does not have', async () => {
    const gateway = await world.make({ variant: 'Idle' });
    await untilSetup(gateway, 'ProvisioningState/succeeded');
    const extension = `${gateway.scaleSetId}/extensions/setup?api-version=2024-11-01`;
    const properties = {
      publisher: 'Microsoft.Compute',
      type: 'CustomScriptExtension',
      typeHandlerVersion: '1.10',
      protectedSettings: {
        managedIdentity: { clientId: '99999999-9999-4999-8999-999999999999' },
        fileUris: [`${world.azure.url}/blob/contoso/packages/x`],
        commandToExecute: 'whoami',
      },
    };
    world.azure.control.call('PUT', extension, { properties });
    gateway.act('manualupgrade');
    const { message } = await untilSetup(gateway, 'ProvisioningState/failed/1');
    expect(message).toMatch(/Identity not found/);
    const withoutIdentity = { ...properties, protectedSettings: { commandToExecute: 'whoami /all' } };
    world.azure.control.call('PUT', extension, { properties: withoutIdentity });
    gateway.act('manualupgrade');
    await until(
      () => seen(gateway).errors.split('\n')[0],
      "'whoami' is not recognized as an internal or external command,",
    );
  });
});

it('a blob that was replaced after the operator had checked it is not run', async () => {
  const gateway = await world.make({ variant: 'Idle' });
  await untilSetup(gateway, 'ProvisioningState/succeeded');
  const url = `${world.azure.url}/blob/contoso/packages/${gateway.deployment.servicePackage.sha256}.zip`;
  await putBlob(world.azure, url, Buffer.from('malicious'));
  gateway.act('reimage');
  const { errors, output } = await untilSetup(gateway, 'ProvisioningState/failed/1');
  expect(errors).toMatch(/^The service package is not the expected one\./);
  expect(output).toBe('');
});
