import type { ChangeTarget, DriverResult } from '../driver.ts';
import { isSameName } from '../names.ts';
import type { ODataClient } from './odata-client.ts';
import { readServiceRecords } from './services.ts';

/** *Inferred*: nothing public makes such a record over HTTP. One with the name that is there already is enough. */
export async function registerService(
  client: ODataClient,
  target: ChangeTarget<'registerService'>,
  signal: AbortSignal,
): Promise<DriverResult> {
  const { value: records, date } = await readServiceRecords(client, signal);
  if (records.some(({ serviceName }) => isSameName(serviceName, target.serviceName))) return { kind: 'Accepted', date };
  const body = {
    Name: target.serviceName,
    ServiceCName: target.serviceName,
    Fqdn: target.deploymentName,
    Description: target.description,
    Region: target.region,
    SiteCode: target.siteCode,
    SubscriptionID: target.subscriptionId,
    AffinityGroup: target.resourceGroup,
    ServiceThumbprint: target.certificateThumbprint,
    NumberOfInstances: target.instances,
    ServiceType: 'CloudProxyService',
  };
  return { kind: 'Accepted', date: await client.create('SMS_AzureService', body, signal) };
}

/** *Inferred*: deleting is seen of another class. What the site then does in Azure depends on who built the gateway. */
export async function unregisterService(
  client: ODataClient,
  { id }: ChangeTarget<'unregisterService'>,
  signal: AbortSignal,
): Promise<DriverResult> {
  const { value: records, date } = await readServiceRecords(client, signal);
  const record = records.find((each) => each.id === id);
  if (record === undefined || record.state.kind === 'Deleting') return { kind: 'Accepted', date };
  return { kind: 'Accepted', date: await client.remove('SMS_AzureService', id, signal) };
}

/** *Inferred*: the method is *documented*, and how static methods are called; public scripts start stopped ones only. */
export function startService(
  client: ODataClient,
  { id }: ChangeTarget<'startService'>,
  signal: AbortSignal,
): Promise<DriverResult> {
  return callUnless(client, id, 'Start', ['Ready', 'Starting'], signal);
}

/** *Inferred*, as {@link startService}; public scripts stop ready ones only. */
export function stopService(
  client: ODataClient,
  { id }: ChangeTarget<'stopService'>,
  signal: AbortSignal,
): Promise<DriverResult> {
  return callUnless(client, id, 'Stop', ['Stopped', 'Stopping'], signal);
}

async function callUnless(
  client: ODataClient,
  id: number,
  method: 'Start' | 'Stop',
  done: readonly string[],
  signal: AbortSignal,
): Promise<DriverResult> {
  const { value: records, date } = await readServiceRecords(client, signal);
  const record = records.find((each) => each.id === id);
  if (record === undefined) {
    return { kind: 'NotFound', status: 200, message: `The site has no gateway with the id ${id}.`, date };
  }
  if (done.includes(record.state.kind)) return { kind: 'Accepted', date };
  return {
    kind: 'Accepted',
    date: await client.callStatic('SMS_AzureService', method, { AzureServiceID: id }, signal),
  };
}
