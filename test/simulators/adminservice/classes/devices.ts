import type { JsonObject } from '../../../../src/json.ts';
import { type ClientView, nameOf } from '../fleet.ts';
import type { SimulatedClass } from '../simulated-class.ts';
import type { SiteWorld } from '../world.ts';

const FIRST_RESOURCE_ID = 16_777_220;

/** All devices of the site, in the order of their ids. */
export function deviceClass(world: SiteWorld): SimulatedClass {
  return {
    name: 'SMS_CombinedDeviceResources',
    key: ['ResourceID'],
    rows: () => {
      world.settle();
      const { fleet, settings } = world;
      const managementPoint = world.systems.roles[0]?.server ?? '';
      return {
        count: fleet.size,
        at: (place) => rowOf(fleet.at(place), { managementPoint, offsetMs: settings.timeZoneMinutes * 60_000 }),
      };
    },
  };
}

interface RowContext {
  readonly managementPoint: string;
  readonly offsetMs: number;
}

function rowOf(client: ClientView, { managementPoint, offsetMs }: RowContext): JsonObject {
  const { index, gateway, lastPolicyRequest, isClient } = client;
  const lastHeard = lastPolicyRequest === undefined ? null : timeText(lastPolicyRequest + offsetMs);
  const accessPoint = gateway === undefined ? managementPoint : `${gateway}/CCM_Proxy_MutualAuth/72057594037927941`;
  return {
    ResourceID: FIRST_RESOURCE_ID + index,
    Name: nameOf(index),
    SMSID: `GUID:${String(index).padStart(8, '0')}-0000-4000-8000-000000000000`,
    SiteCode: 'PS1',
    CNAccessMP: lastHeard === null ? null : accessPoint,
    CNIsOnInternet: client.isOnInternet,
    CNIsOnline: lastHeard !== null,
    IsActive: lastHeard !== null,
    IsAlwaysInternet: client.isAlwaysInternet,
    IsBlocked: false,
    IsClient: isClient,
    IsInternetEnabled: true,
    IsObsolete: client.isObsolete,
    LastActiveTime: lastHeard,
    LastMPServerName: lastHeard === null ? null : managementPoint,
    LastPolicyRequest: lastHeard,
    Unknown: false,
  };
}

/** As sites write it: whole seconds, and `Z` whatever the zone is. */
function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
