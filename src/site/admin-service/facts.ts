import type { Clock } from '../../runtime/clock.ts';
import type { SiteAnswer } from '../answer.ts';
import { failureAsValue } from '../failure.ts';
import type { SiteFacts } from '../site.ts';
import { readBoundaryGroupMembers, readBoundaryGroups } from './boundary-groups.ts';
import { PAGES_PER_SECOND, readDevices } from './devices.ts';
import { readIdentity } from './identity.ts';
import type { ODataClient, Read } from './odata-client.ts';
import { createPace } from './pace.ts';
import { readClientAuthentication, readClientFacingRoles, readClientSettings, readConnectionPoints } from './roles.ts';
import { readServiceRecords } from './services.ts';

/**
 * What an AdminService tells of its site, read anew at each call whatever age would do.
 *
 * @param network the time by which requests are spread
 */
export function adminServiceFacts(client: ODataClient, network: Clock): SiteFacts {
  // One for all passes: two at a time are no reason to ask for twice as much.
  const pace = createPace(network, PAGES_PER_SECOND);
  return {
    identity: ({ signal }) => answered(() => readIdentity(client, signal)),
    serviceRecords: ({ signal }) => answered(() => readServiceRecords(client, signal)),
    connectionPoints: ({ signal }) => answered(() => readConnectionPoints(client, signal)),
    boundaryGroups: ({ signal }) => answered(() => readBoundaryGroups(client, signal)),
    boundaryGroupMembers: (groupId, { signal }) => answered(() => readBoundaryGroupMembers(client, groupId, signal)),
    clientFacingRoles: ({ signal }) => answered(() => readClientFacingRoles(client, signal)),
    clientAuthentication: (siteCode, { signal }) => answered(() => readClientAuthentication(client, siteCode, signal)),
    clientSettings: ({ signal }) => answered(() => readClientSettings(client, signal)),
    readDevices: (onPage, { signal }) => answered(() => readDevices(client, pace, onPage, signal)),
  };
}

function answered<T>(read: () => Promise<Read<T>>): Promise<SiteAnswer<T>> {
  return failureAsValue(async () => ({ kind: 'Answered' as const, ...(await read()) }));
}
