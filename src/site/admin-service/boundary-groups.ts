import type { BoundaryGroup, BoundaryGroupMember } from '../facts.ts';
import { numberIn, textIn } from './fields.ts';
import type { ODataClient, Read } from './odata-client.ts';

/** Bit of `SMS_BoundaryGroup.Flags` for "prefer cloud-based sources" (*seen in public code*). */
export const PREFER_CLOUD_FLAG = 0x10;

/** Value of `Flags` of a member with a slow connection; 0 is a fast one (*documented*). */
export const SLOW_FLAG = 1;

/** Boundary groups. *Documented*: the class, its properties, and that it can be read on the `wmi` route. */
export async function readBoundaryGroups(
  client: ODataClient,
  signal: AbortSignal,
): Promise<Read<readonly BoundaryGroup[]>> {
  const { value, date } = await client.list('SMS_BoundaryGroup', {}, signal);
  const groups = value.map((row) => ({
    id: numberIn(row, 'GroupID'),
    name: textIn(row, 'Name'),
    preferCloudSources: (numberIn(row, 'Flags') & PREFER_CLOUD_FLAG) !== 0,
  }));
  return { value: groups, date };
}

/** Site systems that a group references. The class is *documented*, reading it over HTTP is *inferred*. */
export async function readBoundaryGroupMembers(
  client: ODataClient,
  groupId: number,
  signal: AbortSignal,
): Promise<Read<readonly BoundaryGroupMember[]>> {
  const query = { filter: `GroupID eq ${groupId}` };
  const { value, date } = await client.list('SMS_BoundaryGroupSiteSystems', query, signal);
  const members = value
    // A site that leaves the filter out of account would make members of all groups one group's.
    .filter((row) => row.GroupID === groupId)
    .map((row): BoundaryGroupMember => {
      const isSlow = (numberIn(row, 'Flags') & SLOW_FLAG) !== 0;
      return { nalPath: textIn(row, 'ServerNALPath'), connection: isSlow ? 'Slow' : 'Fast' };
    });
  return { value: members, date };
}
