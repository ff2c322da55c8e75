import type { ChangeTarget, DriverResult } from '../driver.ts';
import { isSameName } from '../names.ts';
import { PREFER_CLOUD_FLAG, readBoundaryGroupMembers, SLOW_FLAG } from './boundary-groups.ts';
import { numberIn } from './fields.ts';
import type { ODataClient } from './odata-client.ts';

const GROUP = 'SMS_BoundaryGroup';

/** *Inferred*: the method is *documented*, and calling one of an instance is *seen in public code* of another class. */
export async function addBoundaryGroupMember(
  client: ODataClient,
  { group, service, connection }: ChangeTarget<'addBoundaryGroupMember'>,
  signal: AbortSignal,
): Promise<DriverResult> {
  const { value: members, date } = await readBoundaryGroupMembers(client, group.id, signal);
  const present = members.find(({ nalPath }) => isSameName(nalPath, service.nalPath));
  if (present?.connection === connection) return { kind: 'Accepted', date };
  const parameters = { ServerNALPath: [service.nalPath], Flags: [connection === 'Slow' ? SLOW_FLAG : 0] };
  return {
    kind: 'Accepted',
    date: await client.callInstance(GROUP, group.id, 'AddSiteSystem', parameters, signal),
  };
}

/** *Inferred*, as {@link addBoundaryGroupMember}. */
export async function removeBoundaryGroupMember(
  client: ODataClient,
  { group, member }: ChangeTarget<'removeBoundaryGroupMember'>,
  signal: AbortSignal,
): Promise<DriverResult> {
  const { value: members, date } = await readBoundaryGroupMembers(client, group.id, signal);
  const present = members.find(({ nalPath }) => isSameName(nalPath, member.nalPath));
  if (present === undefined) return { kind: 'Accepted', date };
  const parameters = { ServerNALPath: [present.nalPath] };
  return {
    kind: 'Accepted',
    date: await client.callInstance(GROUP, group.id, 'RemoveSiteSystem', parameters, signal),
  };
}

/** *Inferred*: the bit is *seen in public code*, and so is PUT with some properties of another class. Other bits stay. */
export async function setPreferCloudSources(
  client: ODataClient,
  { group, preferCloudSources }: ChangeTarget<'setPreferCloudSources'>,
  signal: AbortSignal,
): Promise<DriverResult> {
  const { value: row, date } = await client.byKey(GROUP, group.id, signal);
  const flags = numberIn(row, 'Flags');
  const wanted = preferCloudSources ? flags | PREFER_CLOUD_FLAG : flags & ~PREFER_CLOUD_FLAG;
  if (wanted === flags) return { kind: 'Accepted', date };
  return { kind: 'Accepted', date: await client.update(GROUP, group.id, { Flags: wanted }, row, signal) };
}
