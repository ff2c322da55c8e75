import type { JsonObject } from '../../json.ts';
import type { ServiceRecord, ServiceState } from '../facts.ts';
import { numberIn, optionalTextIn, textIn } from './fields.ts';
import type { ODataClient, Read } from './odata-client.ts';

/** Values of `SMS_AzureService.State` that public scripts act on (*seen in public code*); Microsoft lists none. */
const STATES: ReadonlyMap<number, Exclude<ServiceState['kind'], 'Unknown'>> = new Map([
  [0, 'Ready'],
  [1, 'Provisioning'],
  [4, 'Starting'],
  [5, 'Stopping'],
  [6, 'Stopped'],
  [99, 'Deleting'],
]);

/** The meaning of a state; a number that is not known is `Unknown`, and neither an error nor ready. */
export function serviceStateOf(value: unknown): ServiceState {
  const number = typeof value === 'number' ? value : undefined;
  const kind = number === undefined ? undefined : STATES.get(number);
  return kind === undefined ? { kind: 'Unknown', value: number } : { kind };
}

/**
 * Records of gateways. The class and its properties are *documented*; that gateways have the type `CloudProxyService` is
 * *seen in public code*. The answers also hold serialized certificates, of which nothing is kept.
 */
export async function readServiceRecords(
  client: ODataClient,
  signal: AbortSignal,
): Promise<Read<readonly ServiceRecord[]>> {
  const { value, date } = await client.list('SMS_AzureService', {}, signal);
  const gateways = value.filter((row) => optionalTextIn(row, 'ServiceType') === 'CloudProxyService');
  return { value: gateways.map(recordOf), date };
}

function recordOf(row: JsonObject): ServiceRecord {
  const name = textIn(row, 'Name');
  return {
    id: numberIn(row, 'AzureServiceID'),
    name,
    // *Inferred*: the name that is in the certificate. Records without it are called by it.
    serviceName: optionalTextIn(row, 'ServiceCName') || name,
    deploymentName: optionalTextIn(row, 'Fqdn'),
    nalPath: textIn(row, 'NALPath'),
    description: optionalTextIn(row, 'Description'),
    region: optionalTextIn(row, 'Region'),
    siteCode: optionalTextIn(row, 'SiteCode'),
    subscriptionId: optionalTextIn(row, 'SubscriptionID'),
    state: serviceStateOf(row.State),
    certificateThumbprint: optionalTextIn(row, 'ServiceThumbprint').toUpperCase(),
    instances: typeof row.NumberOfInstances === 'number' ? row.NumberOfInstances : 0,
  };
}
