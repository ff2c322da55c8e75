import type { JsonObject } from '../../json.ts';
import type { ChangeTarget, DriverResult } from '../driver.ts';
import type { ServiceRecord } from '../facts.ts';
import { SiteFailureError } from '../failure.ts';
import { isSameName } from '../names.ts';
import {
  type EmbeddedProperty,
  embeddedNumber,
  everyEmbeddedPropertyIn,
  optionalTextIn,
  withEmbeddedNumber,
} from './fields.ts';
import { isCalled, isLinkedTo, namesOf } from './link.ts';
import type { ODataClient } from './odata-client.ts';
import { TRAFFIC_PROPERTY } from './roles.ts';
import { readServiceRecords } from './services.ts';
import { ROLE_NAME, readComponentManager, type SiteControlClass, serverOf, siteControlKey } from './site-control.ts';
import { clientAuthenticationOf, SSL_STATE_PROPERTY, sslStateOf } from './ssl-state.ts';

/**
 * *Inferred*: the link stands in an embedded property whose name nobody has published. The value that names the gateway to
 * which the role is linked now is replaced by the same of the other one; where there is none, it cannot be done.
 */
export async function linkConnectionPoint(
  client: ODataClient,
  { siteSystem, service }: ChangeTarget<'linkConnectionPoint'>,
  signal: AbortSignal,
): Promise<DriverResult> {
  const role = await roleByKey(client, siteSystem, ROLE_NAME.connectionPoint, signal);
  if (role === undefined) return absentRole(siteSystem, 'connection point');
  const { value: records, date } = await readServiceRecords(client, signal);
  const wanted = records.find(({ name }) => name === service.name);
  if (wanted === undefined) {
    return { kind: 'NotFound', status: 200, message: `The site has no gateway ${service.name}.`, date };
  }
  const properties = everyEmbeddedPropertyIn(role);
  const linked = properties.map((property) => relinked(property, records, wanted));
  if (!linked.some((property, index) => property !== properties[index])) {
    if (isLinkedTo(properties, wanted)) {
      return { kind: 'Accepted', date };
    }
    return { kind: 'NotPossible', reason: 'The operator finds nothing in the role that names its gateway.' };
  }
  return write(client, 'SMS_SCI_SysResUse', role, linked, signal);
}

/** *Inferred*: deleting is seen of another class. */
export async function removeConnectionPoint(
  client: ODataClient,
  { siteSystem }: ChangeTarget<'removeConnectionPoint'>,
  signal: AbortSignal,
): Promise<DriverResult> {
  const { value, date } = await client.list('SMS_SCI_SysResUse', {}, signal);
  const role = value.find((row) => isRoleOn(row, siteSystem, ROLE_NAME.connectionPoint));
  if (role === undefined) return { kind: 'Accepted', date };
  return { kind: 'Accepted', date: await client.remove('SMS_SCI_SysResUse', siteControlKey(role), signal) };
}

/** *Inferred*: scripts change this property through WMI; writing embedded properties over HTTP is not seen. */
export async function setCmgTraffic(
  client: ODataClient,
  { server, role: roleKind, allowCmgTraffic }: ChangeTarget<'setCmgTraffic'>,
  signal: AbortSignal,
): Promise<DriverResult> {
  const isManagementPoint = roleKind === 'ManagementPoint';
  const roleName = isManagementPoint ? ROLE_NAME.managementPoint : ROLE_NAME.softwareUpdatePoint;
  const role = await roleByKey(client, server, roleName, signal);
  if (role === undefined) return absentRole(server, isManagementPoint ? 'management point' : 'software update point');
  const properties = everyEmbeddedPropertyIn(role);
  const wanted = allowCmgTraffic ? 1 : 0;
  if ((embeddedNumber(properties, TRAFFIC_PROPERTY) ?? 0) === wanted) return { kind: 'Accepted', date: undefined };
  const changed = withEmbeddedNumber(properties, TRAFFIC_PROPERTY, wanted);
  return write(client, 'SMS_SCI_SysResUse', role, changed, signal);
}

/** *Inferred*, as {@link setCmgTraffic}. From and to values only whose meaning is known. */
export async function setClientAuthentication(
  client: ODataClient,
  { siteCode, usePkiCertificate, checkRevocationForSiteSystems }: ChangeTarget<'setClientAuthentication'>,
  signal: AbortSignal,
): Promise<DriverResult> {
  const { value: component, date } = await readComponentManager(client, siteCode, signal);
  const properties = everyEmbeddedPropertyIn(component);
  const state = embeddedNumber(properties, SSL_STATE_PROPERTY);
  const current = state === undefined ? undefined : clientAuthenticationOf(state);
  if (current === undefined) return unknownState(state);
  const wanted = {
    ...current,
    usePkiCertificate: usePkiCertificate ?? current.usePkiCertificate,
    checkRevocationForSiteSystems: checkRevocationForSiteSystems ?? current.checkRevocationForSiteSystems,
  };
  const isAsWanted =
    wanted.usePkiCertificate === current.usePkiCertificate &&
    wanted.checkRevocationForSiteSystems === current.checkRevocationForSiteSystems;
  if (isAsWanted) return { kind: 'Accepted', date };
  const wantedState = sslStateOf(wanted);
  if (wantedState === undefined) {
    return { kind: 'NotPossible', reason: `No value of ${SSL_STATE_PROPERTY} is known to mean what is wanted.` };
  }
  const changed = withEmbeddedNumber(properties, SSL_STATE_PROPERTY, wantedState);
  return write(client, 'SMS_SCI_Component', component, changed, signal);
}

function unknownState(state: number | undefined): DriverResult {
  const shown = state === undefined ? 'is not set' : `is ${state}`;
  return { kind: 'NotPossible', reason: `${SSL_STATE_PROPERTY} ${shown}, and what that means is not known.` };
}

/**
 * Writes all embedded properties, unless the item has changed since it was read. *Seen in public code*: sites that cannot
 * read embedded objects answer with 404 and name their reader.
 */
async function write(
  client: ODataClient,
  className: SiteControlClass,
  row: JsonObject,
  properties: readonly EmbeddedProperty[],
  signal: AbortSignal,
): Promise<DriverResult> {
  try {
    const date = await client.update(className, siteControlKey(row), { Props: properties }, row, signal);
    return { kind: 'Accepted', date };
  } catch (error) {
    if (!(error instanceof SiteFailureError) || !error.message.includes('ODataParameterReader')) throw error;
    return { kind: 'NotPossible', reason: 'The AdminService of this site does not take embedded properties.' };
  }
}

/** Read by its key in any case: what is written back has to be all that there is. */
async function roleByKey(
  client: ODataClient,
  server: string,
  roleName: string,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  const { value } = await client.list('SMS_SCI_SysResUse', {}, signal);
  const listed = value.find((row) => isRoleOn(row, server, roleName));
  if (listed === undefined) return undefined;
  return (await client.byKey('SMS_SCI_SysResUse', siteControlKey(listed), signal)).value;
}

function isRoleOn(row: JsonObject, server: string, roleName: string): boolean {
  return optionalTextIn(row, 'RoleName') === roleName && isSameName(serverOf(row), server);
}

function absentRole(server: string, title: string): DriverResult {
  return { kind: 'NotFound', status: 200, message: `${server} has no ${title}.` };
}

/** The property with every name of another gateway replaced by the wanted one's; itself when there is none. */
function relinked(
  property: EmbeddedProperty,
  records: readonly ServiceRecord[],
  wanted: ServiceRecord,
): EmbeddedProperty {
  const replacementOf = (value: unknown): string | undefined => {
    for (const record of records) {
      const place = record.id === wanted.id ? -1 : namesOf(record).findIndex((name) => isCalled(value, name));
      const replacement = place === -1 || value === '' ? undefined : namesOf(wanted)[place];
      if (replacement !== undefined && replacement !== '') return replacement;
    }
    return undefined;
  };
  const first = replacementOf(property.Value1);
  const second = replacementOf(property.Value2);
  if (first === undefined && second === undefined) return property;
  return { ...property, Value1: first ?? property.Value1, Value2: second ?? property.Value2 };
}
