import type { Clock } from '../../runtime/clock.ts';
import type { SiteAnswer } from '../answer.ts';
import { failureAsValue } from '../failure.ts';
import type { SiteFacts } from '../site.ts';
import { readBoundaryGroupMembers, readBoundaryGroups } from './boundary-groups.ts';
import { readContent, readDistribution } from './content.ts';
import { readDevices } from './devices.ts';
import { readIdentity } from './identity.ts';
import type { ODataClient, Read } from './odata-client.ts';
import { createPace } from './pace.ts';
import { PAGES_PER_SECOND } from './pages.ts';
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
    readContent: (gateway, onItems, { signal }) => answered(() => readContent(client, pace, gateway, onItems, signal)),
    readDistribution: (gateway, onItems, { signal }) =>
      answered(() => readDistribution(client, pace, gateway, onItems, signal)),
    readDevices: (onRows, { signal }) => answered(() => readDevices(client, pace, onRows, signal)),
  };
}

function answered<T>(read: () => Promise<Read<T>>): Promise<SiteAnswer<T>> {
  return failureAsValue(async () => ({ kind: 'Answered' as const, ...(await read()) }));
}
