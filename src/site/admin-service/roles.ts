import { isJsonObject, type JsonObject } from '../../json.ts';
import type {
  ClientAuthentication,
  ClientFacingRole,
  ClientProtocol,
  ClientSettings,
  Connectedness,
  ConnectionPointRole,
} from '../facts.ts';
import { SiteFailureError } from '../failure.ts';
import { embeddedNumber, embeddedPropertiesIn, numberIn, optionalTextIn, textIn } from './fields.ts';
import { isLinkedTo } from './link.ts';
import type { ODataClient, Read } from './odata-client.ts';
import { readServiceRecords } from './services.ts';
import { ROLE_NAME, readComponentManager, readRoles, rolesWithProperties, serverOf } from './site-control.ts';
import { clientAuthenticationOf, SSL_STATE_PROPERTY } from './ssl-state.ts';

/** The switch of a role for gateway traffic (*seen in public code*). */
export const TRAFFIC_PROPERTY = 'AllowProxyTraffic';

/** Values of `ConnectionStatus`, as public code reads them from the database view `vProxy_Connectors`. */
const CONNECTEDNESS: ReadonlyMap<unknown, Connectedness> = new Map([
  [0, 'Disconnected'],
  [1, 'PartlyConnected'],
  [2, 'Connected'],
]);

/**
 * Connection points. The role is *documented*; what it is linked to and whether it is connected are *inferred*: the class
 * `SMS_CloudProxyConnector` is named in public code, and its columns are those of the database view behind it. On a site
 * that does not have it, the link is looked for in the role itself, and nothing is known of the connection.
 */
export async function readConnectionPoints(
  client: ODataClient,
  signal: AbortSignal,
): Promise<Read<readonly ConnectionPointRole[]>> {
  const { value, date } = await client.list('SMS_SCI_SysResUse', {}, signal);
  const rows = value.filter((row) => optionalTextIn(row, 'RoleName') === ROLE_NAME.connectionPoint);
  if (rows.length === 0) return { value: [], date };
  const connectors = await readConnectors(client, signal);
  if (connectors === undefined) return { value: await readLinks(client, rows, signal), date };
  const byServer = new Map(connectors.map((row) => [textIn(row, 'ServerName').toLowerCase(), row]));
  return { value: rows.map((row) => connectionPointOf(row, byServer.get(serverOf(row).toLowerCase()))), date };
}

/** `undefined`: the site does not have the class. */
async function readConnectors(client: ODataClient, signal: AbortSignal): Promise<readonly JsonObject[] | undefined> {
  try {
    return (await client.list('SMS_CloudProxyConnector', {}, signal)).value;
  } catch (error) {
    if (error instanceof SiteFailureError && error.failure.kind === 'NotFound') return undefined;
    throw error;
  }
}

async function readLinks(
  client: ODataClient,
  rows: readonly JsonObject[],
  signal: AbortSignal,
): Promise<readonly ConnectionPointRole[]> {
  const roles = await rolesWithProperties(client, rows, signal);
  const records = await readServiceRecords(client, signal);
  return roles.map((row) => ({
    siteSystem: serverOf(row),
    siteCode: textIn(row, 'SiteCode'),
    serviceName: records.value.find((record) => isLinkedTo(embeddedPropertiesIn(row), record))?.serviceName,
    connectedness: 'Unknown',
  }));
}

function connectionPointOf(row: JsonObject, connector: JsonObject | undefined): ConnectionPointRole {
  return {
    siteSystem: serverOf(row),
    siteCode: textIn(row, 'SiteCode'),
    serviceName: (connector && optionalTextIn(connector, 'ProxyServiceName')) || undefined,
    connectedness: CONNECTEDNESS.get(connector?.ConnectionStatus) ?? 'Unknown',
  };
}

/** Management points and software update points. *Seen in public code*: their embedded properties. */
export async function readClientFacingRoles(
  client: ODataClient,
  signal: AbortSignal,
): Promise<Read<readonly ClientFacingRole[]>> {
  const names = [ROLE_NAME.managementPoint, ROLE_NAME.softwareUpdatePoint];
  const { value, date } = await readRoles(client, names, signal);
  return { value: value.map(clientFacingRoleOf), date };
}

function clientFacingRoleOf(row: JsonObject): ClientFacingRole {
  const isManagementPoint = textIn(row, 'RoleName') === ROLE_NAME.managementPoint;
  const properties = embeddedPropertiesIn(row);
  return {
    server: serverOf(row),
    siteCode: textIn(row, 'SiteCode'),
    role: isManagementPoint ? 'ManagementPoint' : 'SoftwareUpdatePoint',
    allowCmgTraffic: embeddedNumber(properties, TRAFFIC_PROPERTY) === 1,
    protocol: isManagementPoint ? protocolOf(numberIn(row, 'SslState')) : updateProtocol(properties),
  };
}

/** Values of `SslState` (*documented*). */
function protocolOf(sslState: number): ClientProtocol {
  switch (sslState) {
    case 0:
    case 4:
      return 'Http';
    case 1:
    case 3:
      return 'Https';
    default:
      return 'Unknown';
  }
}

function updateProtocol(properties: Parameters<typeof embeddedNumber>[0]): ClientProtocol {
  const value = embeddedNumber(properties, 'SSLWSUS');
  return value === undefined ? 'Unknown' : value === 1 ? 'Https' : 'Http';
}

/**
 * How clients of a primary site prove who they are; `undefined` where the value has no known meaning. *Seen in public code*:
 * `IISSSLState` and its values.
 */
export async function readClientAuthentication(
  client: ODataClient,
  siteCode: string,
  signal: AbortSignal,
): Promise<Read<ClientAuthentication | undefined>> {
  const { value, date } = await readComponentManager(client, siteCode, signal);
  const state = embeddedNumber(embeddedPropertiesIn(value), SSL_STATE_PROPERTY);
  return { value: state === undefined ? undefined : clientAuthenticationOf(state), date };
}

/** Number of the agent whose settings are about the cloud (*documented*). */
const CLOUD_AGENT = 22;

/** The default client settings. *Inferred*: the class is *documented*, and that agents' settings are in it is not. */
export async function readClientSettings(client: ODataClient, signal: AbortSignal): Promise<Read<ClientSettings>> {
  const { value, date } = await client.list('SMS_ClientSettingsDefault', {}, signal);
  for (const row of value) {
    const listed = allowCmgIn(row);
    if (listed !== undefined) return { value: { allowCmg: listed }, date };
    const whole = await client.byKey('SMS_ClientSettingsDefault', numberIn(row, 'SettingsID'), signal);
    const allowCmg = allowCmgIn(whole.value);
    if (allowCmg !== undefined) return { value: { allowCmg }, date };
  }
  const message = 'The default client settings do not say whether clients may use a cloud management gateway.';
  throw new SiteFailureError({ kind: 'NotFound', status: 200, message, date });
}

/** *Seen in public code*: the property is `AllowCMG`. */
function allowCmgIn({ AgentConfigurations: configurations }: JsonObject): boolean | undefined {
  const agents = Array.isArray(configurations) ? configurations.filter(isJsonObject) : [];
  const allow = agents.find(({ AgentID }) => AgentID === CLOUD_AGENT)?.AllowCMG;
  return typeof allow === 'boolean' ? allow : undefined;
}
