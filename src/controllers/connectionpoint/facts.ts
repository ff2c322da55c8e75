import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import type { ConnectionPoint } from '../../api/v1alpha1/connectionpoint.generated.ts';
import type { ObjectStore } from '../../runtime/store.ts';
import { isSameName } from '../../site/names.ts';
import {
  type ClientFacingRole,
  type ConnectionPointRole,
  isSiteFailure,
  type ServiceRecord,
  type Site,
  type SiteFailure,
} from '../../site/site.ts';
import { type GatewayOfCmg, gatewayOfCmg, serviceNamesOf } from '../site/gateway-of-cmg.ts';
import type { LiveCmgs } from '../site/live-cmg.ts';
import { SHARED_AGE_MS } from '../site/usable-site.ts';
import type { ConnectionPointFacts } from './plan.ts';

/** What the site says of connection points. */
export interface SiteSide {
  readonly records: readonly ServiceRecord[];
  readonly roles: readonly ConnectionPointRole[];
  /** `undefined`: the site did not say. Nothing that is done depends on it. */
  readonly clientFacingRoles: readonly ClientFacingRole[] | undefined;
}

export type Reading<T> =
  | { readonly kind: 'Read'; readonly value: T }
  | { readonly kind: 'Failed'; readonly doing: string; readonly failure: SiteFailure };

/** @param maxAgeMs how old what is read may be; 0 before something that cannot be taken back */
export async function readSiteSide(live: Site, maxAgeMs: number, signal: AbortSignal): Promise<Reading<SiteSide>> {
  const [records, roles, facing] = await Promise.all([
    live.serviceRecords({ signal, maxAgeMs }),
    live.connectionPoints({ signal, maxAgeMs }),
    live.clientFacingRoles({ signal, maxAgeMs: SHARED_AGE_MS }),
  ]);
  if (isSiteFailure(records)) {
    return { kind: 'Failed', doing: 'Reading the records of gateways', failure: records };
  }
  return isSiteFailure(roles)
    ? { kind: 'Failed', doing: 'Reading the connection points', failure: roles }
    : {
        kind: 'Read',
        value: {
          records: records.value,
          roles: roles.value,
          clientFacingRoles: facing.kind === 'Answered' ? facing.value : undefined,
        },
      };
}

export function connectionPointFacts(
  { metadata, spec, status }: ConnectionPoint,
  gateway: GatewayOfCmg,
  known: readonly GatewayOfCmg[],
  side: SiteSide,
  now: number,
): ConnectionPointFacts {
  return { name: metadata.name, spec, installed: status?.installed, gateway, known, now, ...side };
}

/** What a step on the site concerns. */
export interface Touched {
  /** Key of the CMG that decides about it. */
  readonly cmg: string;
  /** Names of gateways that gain or lose something by it. */
  readonly serviceNames: readonly string[];
}

/** The gateways of all CMGs, those that the step touches as the API server has them now. */
export async function liveGateways(
  cmgs: Pick<ObjectStore<CMG>, 'list'>,
  live: LiveCmgs,
  { cmg, serviceNames }: Touched,
  signal: AbortSignal,
): Promise<readonly GatewayOfCmg[]> {
  const gateways = await Promise.all(
    cmgs.list().map(async (cached) => {
      const gateway = gatewayOfCmg(cached);
      const isNamed = serviceNamesOf(gateway).some((known) => serviceNames.some((name) => isSameName(name, known)));
      if (gateway.key !== cmg && !isNamed) {
        return gateway;
      }
      const now = await live.read(gateway.key, signal);
      return now === undefined ? undefined : gatewayOfCmg(now);
    }),
  );
  return gateways.filter((gateway) => gateway !== undefined);
}

/**
 * Code of the primary site that a server belongs to: what the site says of a role on it, or else the only primary site that
 * there is. `undefined`: it cannot be told.
 */
export function siteCodeOfServer(
  server: string,
  primaries: readonly string[],
  roles: readonly (ConnectionPointRole | ClientFacingRole)[],
): string | undefined {
  const role = roles.find((each) => isSameName('siteSystem' in each ? each.siteSystem : each.server, server));
  return role?.siteCode ?? (primaries.length === 1 ? primaries[0] : undefined);
}
