import type { BoundaryGroupReference } from '../../../api/v1alpha1/boundarygroupreference.generated.ts';
import type { ConnectionPoint } from '../../../api/v1alpha1/connectionpoint.generated.ts';
import type { ObservedGroup, ObservedPoint, ObservedSite, Seen } from '../../../redeployment/observed.ts';
import { findCondition } from '../../../runtime/conditions.ts';
import { keyOf } from '../../../runtime/objects.ts';
import { isSameName } from '../../../site/names.ts';
import {
  type BoundaryGroup,
  type ConnectionPointRole,
  isSiteFailure,
  type ServiceRecord,
  type Site,
} from '../../../site/site.ts';
import { stillOnSite } from '../leave-site.ts';
import type { ManagedCmg } from '../managed-cmg.ts';
import { isClassic } from '../site-requirements.ts';
import type { SiteScope } from '../site-scope.ts';

/** What the site says of the gateways of a CMG. */
export interface SiteFacts {
  readonly site: ObservedSite;
  /** Service names that the site has a record of; `undefined`: it did not say. */
  readonly registered: readonly string[] | undefined;
  /** All records of gateways that the site has; `undefined`: it did not say. */
  readonly records: readonly ServiceRecord[] | undefined;
}

export interface SiteFactsInput {
  readonly cmg: ManagedCmg;
  readonly site: SiteScope;
  /** How old what is read may be, in milliseconds; 0 before something that cannot be taken back. */
  readonly maxAgeMs: number;
  /** Time in milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/** The site has not said anything. */
export const UNREACHABLE: SiteFacts = { site: { kind: 'Unreachable' }, registered: undefined, records: undefined };

/** Reads where the connection points of a CMG are linked to, and what its boundary groups reference. */
export async function readSiteFacts(input: SiteFactsInput): Promise<SiteFacts> {
  const { cmg, site } = input;
  if (cmg.spec.siteRef === undefined) {
    return { site: { kind: 'None' }, registered: undefined, records: undefined };
  }
  const usable = site.siteOf(cmg);
  const facts = usable.kind === 'Usable' ? await readFrom(usable.site, input) : UNREACHABLE;
  return facts.site.kind === 'Unreachable' && hasLeft(input) ? { ...facts, site: LEFT } : facts;
}

const LEFT: ObservedSite = { kind: 'Read', points: [], groups: [] };

/** Whether a CMG that is being deleted has nothing on its site any more, as the objects say that have taken it off. */
function hasLeft(input: SiteFactsInput): boolean {
  const { metadata, status } = input.cmg;
  const names = (status?.deployments ?? []).map(({ serviceName }) => serviceName);
  return metadata.deletionTimestamp !== undefined && names.every((name) => stillOnSite(input, name).length === 0);
}

async function readFrom(live: Site, { cmg, site, maxAgeMs, now, signal }: SiteFactsInput): Promise<SiteFacts> {
  const options = { signal, maxAgeMs };
  const key = keyOf(cmg);
  const [records, roles, groups] = await Promise.all([
    live.serviceRecords(options),
    live.connectionPoints(options),
    live.boundaryGroups(options),
  ]);
  if (isSiteFailure(records) || isSiteFailure(roles) || isSiteFailure(groups)) {
    return UNREACHABLE;
  }
  const known = records.value.map(({ serviceName }) => serviceName);
  // A CMG that goes waits also for what goes with it.
  const counts = cmg.metadata.deletionTimestamp === undefined ? isKept : () => true;
  const observed: ObservedGroup[] = [];
  for (const reference of site.boundaryGroupReferencesOf(key).filter(counts)) {
    const members = await membersOf(live, reference, groups.value, records.value, options);
    if (members === undefined) {
      return UNREACHABLE;
    }
    observed.push({ name: reference.metadata.name, members });
  }
  return {
    site: {
      kind: 'Read',
      points: site
        .connectionPointsOf(key)
        .filter(counts)
        .map((point) => observedPoint(point, roles.value, known, now)),
      groups: observed,
    },
    // What the site is about to forget, or has of a gateway of old, is no record of one that is to be there.
    registered: records.value
      .filter(({ state }) => state.kind !== 'Deleting' && state.kind !== 'Unknown')
      .filter((record) => !isClassic(record))
      .map(({ serviceName }) => serviceName),
    records: records.value,
  };
}

/** Whether the site has its record of a gateway. One in a state that nobody has explained is neither there nor missing. */
export function seenRecord({ registered, records }: SiteFacts, serviceName: string): Seen {
  const own = records?.find((record) => isSameName(record.serviceName, serviceName));
  if (registered === undefined || (own?.state.kind === 'Unknown' && !isClassic(own))) {
    return 'Unknown';
  }
  return registered.some((name) => isSameName(name, serviceName)) ? 'Yes' : 'No';
}

function isKept({ metadata }: ConnectionPoint | BoundaryGroupReference): boolean {
  return metadata.deletionTimestamp === undefined;
}

/**
 * A link to a gateway that the site has no record of leads nowhere. A role on a standby that others installed stays where it
 * is when nobody needs it, as that of a primary does.
 */
function observedPoint(
  { metadata, spec, status }: ConnectionPoint,
  roles: readonly ConnectionPointRole[],
  known: readonly string[],
  now: number,
): ObservedPoint {
  const role = roles.find(({ siteSystem }) => isSameName(siteSystem, spec.siteSystem));
  const serviceName = known.find((name) => isSameName(name, role?.serviceName ?? ''));
  return {
    name: metadata.name,
    role: status?.installed === false ? 'Primary' : spec.role,
    ...(serviceName === undefined ? {} : { linkedTo: serviceName }),
    connected: connectedOf(role, status, now),
    ...(status?.installed === true ? {} : { isForeign: true }),
  };
}

/** A server looks once a minute what it is to be connected to, and takes some minutes to be. */
const CONNECTING_MS = 5 * 60_000;

/** Of a role that has just been linked nobody knows yet whether it connects. */
function connectedOf(
  role: ConnectionPointRole | undefined,
  status: ConnectionPoint['status'],
  now: number,
): ObservedPoint['connected'] {
  const seen = role === undefined ? 'No' : CONNECTED[role.connectedness];
  const linked = findCondition(status?.conditions, 'Linked');
  const isNew =
    linked?.reason === 'SiteChanging' ||
    linked?.reason === 'ManualStepRequired' ||
    (linked?.status === 'True' && now - Date.parse(linked.lastTransitionTime) < CONNECTING_MS);
  return seen === 'No' && role !== undefined && isNew ? 'Unknown' : seen;
}

const CONNECTED: Readonly<Record<ConnectionPointRole['connectedness'], Seen>> = {
  Connected: 'Yes',
  PartlyConnected: 'Yes',
  Disconnected: 'No',
  Unknown: 'Unknown',
};

/** Service names of the gateways that a group references. One that the site does not have references none. */
async function membersOf(
  live: Site,
  { spec }: BoundaryGroupReference,
  groups: readonly BoundaryGroup[],
  records: readonly ServiceRecord[],
  options: { readonly signal: AbortSignal; readonly maxAgeMs: number },
): Promise<readonly string[] | undefined> {
  const { id, name } = spec.boundaryGroup;
  const group = groups.find((each) => (id === undefined ? isSameName(each.name, name ?? '') : each.id === id));
  if (group === undefined) {
    return [];
  }
  const members = await live.boundaryGroupMembers(group.id, options);
  return isSiteFailure(members)
    ? undefined
    : records
        .filter((record) => members.value.some(({ nalPath }) => isSameName(nalPath, record.nalPath)))
        .map(({ serviceName }) => serviceName);
}
