import type { JsonObject } from '../../json.ts';
import { SiteFailureError } from '../failure.ts';
import { isSameName } from '../names.ts';
import { embeddedPropertiesIn, numberIn, optionalTextIn, textIn } from './fields.ts';
import type { InstanceKey, ODataClient, Read } from './odata-client.ts';

/** Classes of the site control file that are used: site roles, and components of a site. */
export type SiteControlClass = 'SMS_SCI_SysResUse' | 'SMS_SCI_Component';

/** Values of `RoleName` (*seen in public code*). */
export const ROLE_NAME = {
  connectionPoint: 'SMS Cloud Proxy Connector',
  managementPoint: 'SMS Management Point',
  softwareUpdatePoint: 'SMS Software Update Point',
} as const;

/** The key of a site control item. *Documented* as the key of the class, *inferred* as an OData key. */
export function siteControlKey(row: JsonObject): InstanceKey {
  return {
    FileType: numberIn(row, 'FileType'),
    ItemName: textIn(row, 'ItemName'),
    ItemType: textIn(row, 'ItemType'),
    SiteCode: textIn(row, 'SiteCode'),
  };
}

/** FQDN of the server that a role is on: `NetworkOSPath` without its backslashes (*seen in public code*). */
export function serverOf(row: JsonObject): string {
  return textIn(row, 'NetworkOSPath').replaceAll('\\', '');
}

/**
 * Site roles with their embedded properties. Sites leave these out of lists (*documented* as lazy properties) or put them
 * in (*seen in public code*); where they are missing, each role is read by its key.
 */
export async function readRoles(
  client: ODataClient,
  roleNames: readonly string[],
  signal: AbortSignal,
): Promise<Read<readonly JsonObject[]>> {
  const { value, date } = await client.list('SMS_SCI_SysResUse', {}, signal);
  const rows = value.filter((row) => roleNames.includes(optionalTextIn(row, 'RoleName')));
  return { value: await rolesWithProperties(client, rows, signal), date };
}

/** Site roles that were listed, with their embedded properties. */
export async function rolesWithProperties(
  client: ODataClient,
  rows: readonly JsonObject[],
  signal: AbortSignal,
): Promise<readonly JsonObject[]> {
  const whole: JsonObject[] = [];
  // One after the other: a site with many roles is no reason to come near its limit of requests.
  for (const row of rows) whole.push(await withProperties(client, 'SMS_SCI_SysResUse', row, signal));
  return whole;
}

/** An item with its embedded properties, as it is by its key. */
async function withProperties(
  client: ODataClient,
  className: SiteControlClass,
  row: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject> {
  if (embeddedPropertiesIn(row).length > 0) return row;
  return (await client.byKey(className, siteControlKey(row), signal)).value;
}

const COMPONENT_MANAGER = 'SMS_SITE_COMPONENT_MANAGER';

/** The site component manager of a site, with its embedded properties; it holds how clients prove who they are. */
export async function readComponentManager(
  client: ODataClient,
  siteCode: string,
  signal: AbortSignal,
): Promise<Read<JsonObject>> {
  const query = { filter: `ComponentName eq '${COMPONENT_MANAGER}'` };
  const { value, date } = await client.list('SMS_SCI_Component', query, signal);
  // A site that leaves the filter out of account lists all components.
  const found = value.find(
    (row) =>
      optionalTextIn(row, 'ComponentName') === COMPONENT_MANAGER &&
      isSameName(optionalTextIn(row, 'SiteCode'), siteCode),
  );
  if (found === undefined) {
    const message = `Site ${siteCode} has no component ${COMPONENT_MANAGER}; only primary sites have.`;
    throw new SiteFailureError({ kind: 'NotFound', status: 200, message, date });
  }
  return { value: await withProperties(client, 'SMS_SCI_Component', found, signal), date };
}
