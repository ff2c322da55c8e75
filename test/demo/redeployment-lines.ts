import type { CMG, CMGStatusDeployment, CMGStatusRedeployment } from '../../src/api/v1alpha1/cmg.generated.ts';
import { findCondition } from '../../src/runtime/conditions.ts';
import type { Fleet } from '../simulators/adminservice/fleet.ts';
import { describeResources } from './steps.ts';

/** What clients on the internet notice at one moment. */
export interface ClientsNow {
  /** Such as `hour 3`. */
  readonly when: string;
  /** How many talk through which gateway, by its service name. */
  readonly through: ReadonlyMap<string, number>;
  /** How many reach none of the gateways that they know. */
  readonly cutOff: number;
}

/** What the site says of one gateway. */
export interface PlaceOnSite {
  /** Servers of the connection points that are linked to it. */
  readonly servers: readonly string[];
  /** Names of the boundary groups that it is in. */
  readonly groups: readonly string[];
}

/** A redeployment at one moment. */
export interface Moment {
  readonly cmg: CMG;
  readonly clients: ClientsNow;
  /** @param serviceName of a gateway */
  readonly onSite: (serviceName: string) => PlaceOnSite;
}

/** Looks at every client of a fleet. */
export function clientsOf(fleet: Fleet, when: string): ClientsNow {
  const through = new Map<string, number>();
  for (let place = 0; place < fleet.size; place += 1) {
    const { isOnInternet, gateway } = fleet.at(place);
    if (isOnInternet && gateway !== undefined) {
      through.set(gateway, (through.get(gateway) ?? 0) + 1);
    }
  }
  return { when, through, cutOff: fleet.cutOffNow };
}

/** The moment as rows: the gateways, what is waited for, what a revert would take, and what clients notice. */
export function describeRedeployment({ cmg, clients, onSite }: Moment): readonly string[] {
  const { deployments = [], redeployment } = cmg.status ?? {};
  const redeploying = findCondition(cmg.status?.conditions, 'Redeploying');
  return [
    ...deployments.map((deployment) => rowOf(deployment, onSite(deployment.serviceName))),
    ...(redeploying === undefined ? [] : [`${redeploying.reason}: ${firstSentence(redeploying.message)}`]),
    ...(redeployment === undefined ? [] : [wayBackOf(redeployment)]),
    clientsLine(clients),
    ...(redeployment?.clients === undefined ? [] : [countLine(redeployment.clients, cmg)]),
    ...deployments.filter(({ phase }) => phase === 'Provisioning').flatMap(describeResources),
  ];
}

function rowOf({ serviceName, identity, phase }: CMGStatusDeployment, { servers, groups }: PlaceOnSite): string {
  const points = servers.length === 0 ? 'no connection point' : servers.map(firstLabel).join(' and ');
  const boundaries = groups.length === 0 ? 'no boundary group' : groups.join(' and ');
  return `${serviceName.padEnd(24)} ${identity.region.padEnd(11)} ${phase.padEnd(12)} ${points}, ${boundaries}`;
}

function wayBackOf({ until, rollback }: CMGStatusRedeployment): string {
  const atLeast = until !== undefined && rollback === 'Free' ? `, until ${minuteOf(until)} at least` : '';
  return `rollback: ${rollback}, ${ROLLBACK[rollback]}${atLeast}`;
}

const ROLLBACK: Readonly<Record<CMGStatusRedeployment['rollback'], string>> = {
  Free: 'the old one serves',
  NeedsWait: 'clients would get the whole wait again',
  Rebuild: 'the old one would be built anew',
};

/** Counts by the first labels of the service names. */
function clientsLine({ when, through, cutOff }: ClientsNow): string {
  const counts = [...through]
    .toSorted(([left], [right]) => left.localeCompare(right))
    .map(([serviceName, count]) => `${count} clients through ${firstLabel(serviceName)}`);
  return `${when}: ${[...counts, `${cutOff} cut off`].join(', ')}`;
}

function countLine(
  { eligible, refreshed }: NonNullable<CMGStatusRedeployment['clients']>,
  { spec }: Pick<CMG, 'spec'>,
): string {
  const { requiredRefreshPercent } = spec.redeployment;
  return `last counted by the operator: ${refreshed} of ${eligible} know the new one; ${requiredRefreshPercent} % have to`;
}

/** Names have dots, sentences end before a blank. */
function firstSentence(message: string): string {
  return message.split(/(?<=\.) /)[0] ?? '';
}

function firstLabel(name: string): string {
  return name.split('.')[0] ?? name;
}

/** `2026-11-29 06:12 UTC` */
function minuteOf(timestamp: string): string {
  return `${timestamp.slice(0, 16).replace('T', ' ')} UTC`;
}
