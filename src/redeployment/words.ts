import type {
  GatewayWish,
  Observed,
  ObservedDeployment,
  ObservedPoint,
  ObservedSite,
  OutageClaim,
  Seen,
} from './observed.ts';
import type { DeploymentRecord } from './record.ts';
import { type DeploymentFacts, factsOf, isSameName, type Situation } from './situation.ts';

/** What has to be true of a deployment that is advertised, by the name that messages give it. */
export type Conjunct =
  | 'Running'
  | 'InstancesServe'
  | 'CertificatePresented'
  | 'NameResolves'
  | 'SiteRecord'
  | 'ConnectedPoint'
  | 'BoundaryGroups';

/** What is seen of each conjunct. */
export type Conjuncts = readonly (readonly [Conjunct, Seen])[];

/** What is seen of the conjuncts of *serving* of a deployment. */
export function servingConjuncts(seen: ObservedDeployment): Conjuncts {
  const presented = seen.certificatePresented;
  return [
    ['Running', seen.running],
    ['InstancesServe', seen.instancesServe],
    ['CertificatePresented', presented === 'NotProbed' ? 'Yes' : presented],
  ];
}

/** What is seen of the conjuncts that *advertised* adds. Without a site, those of the site fall away. */
export function reachConjuncts(
  seen: ObservedDeployment,
  serviceName: string,
  site: ObservedSite,
  points: readonly ObservedPoint[],
): Conjuncts {
  switch (site.kind) {
    case 'None':
      return [['NameResolves', seen.resolves]];
    case 'Unreachable':
      return [
        ['NameResolves', seen.resolves],
        ['SiteRecord', 'Unknown'],
      ];
    case 'Read':
      return [
        ['NameResolves', seen.resolves],
        ['SiteRecord', seen.siteRecord],
        ['ConnectedPoint', connectedPoint(points)],
        ['BoundaryGroups', site.groups.every((group) => isMember(group.members, serviceName)) ? 'Yes' : 'No'],
      ];
  }
}

function connectedPoint(points: readonly ObservedPoint[]): Seen {
  if (points.some(({ connected }) => connected === 'Yes')) {
    return 'Yes';
  }
  return points.some(({ connected }) => connected === 'Unknown') ? 'Unknown' : 'No';
}

/** Whether a gateway is in a boundary group. */
export function isMember(members: readonly string[], serviceName: string): boolean {
  return members.some((member) => isSameName(member, serviceName));
}

/** One `No` decides; without one, `Unknown` does. */
export function allOf(conjuncts: Conjuncts): Seen {
  let result: Seen = 'Yes';
  for (const [, seen] of conjuncts) {
    if (seen === 'No') {
      return 'No';
    }
    result = seen === 'Unknown' ? 'Unknown' : result;
  }
  return result;
}

/** What is seen of every recorded deployment, by id. Linear in the number of deployments and points. */
export function gatherFacts(
  deployments: readonly DeploymentRecord[],
  { deployments: seenDeployments, site }: Observed,
): ReadonlyMap<string, DeploymentFacts> {
  const seenById = new Map(seenDeployments.map((seen) => [seen.id, seen]));
  const pointsByName = new Map<string, ObservedPoint[]>();
  for (const point of site.kind === 'Read' ? site.points : []) {
    const name = point.linkedTo?.toLowerCase();
    if (name !== undefined) {
      const others = pointsByName.get(name);
      others === undefined ? pointsByName.set(name, [point]) : others.push(point);
    }
  }
  return new Map(
    deployments.map(({ id, serviceName }) => {
      const points = pointsByName.get(serviceName.toLowerCase()) ?? [];
      return [id, deploymentFacts(seenById.get(id), serviceName, site, points)];
    }),
  );
}

function deploymentFacts(
  seen: ObservedDeployment | undefined,
  serviceName: string,
  site: ObservedSite,
  points: readonly ObservedPoint[],
): DeploymentFacts {
  if (seen === undefined) {
    return { seen, serving: 'Unknown', advertised: 'Unknown', points };
  }
  const serving = allOf(servingConjuncts(seen));
  const reach = allOf(reachConjuncts(seen, serviceName, site, points));
  return {
    seen,
    serving,
    advertised: allOf([
      ['Running', serving],
      ['NameResolves', reach],
    ]),
    points,
  };
}

/** What a deployment lacks to be advertised, or of what nothing is known. */
export function lacking(situation: Situation, record: DeploymentRecord): readonly Conjunct[] {
  const { seen, points } = factsOf(situation, record);
  if (seen === undefined) {
    return ['Running'];
  }
  const conjuncts = [
    ...servingConjuncts(seen),
    ...reachConjuncts(seen, record.serviceName, situation.observed.site, points),
  ];
  return conjuncts.filter(([, is]) => is !== 'Yes').map(([name]) => name);
}

/** Whether the deployment is there for clients: neither handing over nor being deleted. */
export function isStanding({ stage }: DeploymentRecord): boolean {
  return stage.phase !== 'Draining' && stage.phase !== 'Deleting';
}

/** Whether a resource of the deployment has lost the tags of its CMG, so that it must not be touched. */
export function isOwnershipLost(situation: Situation, record: DeploymentRecord): boolean {
  return factsOf(situation, record).seen?.mark.kind === 'Lost';
}

/** Whether a client may have come to the deployment without anybody's telling: there is no site to ask, and it serves. */
export function maySecretlyServe(situation: Situation, record: DeploymentRecord): boolean {
  return situation.observed.site.kind === 'None' && factsOf(situation, record).serving === 'Yes';
}

/**
 * Whether the deployment is known never to have served: status says so, and the tag says so, or there is neither a resource
 * that carries one nor a VM. As long as the site does not answer, a point or a group may carry its name, unless it goes with its
 * CMG, which takes all of them away. Without a site it is first looked whether it serves, which its tag may not tell yet.
 */
export function isKnownNeverServed(situation: Situation, record: DeploymentRecord): boolean {
  const { observed, wish } = situation;
  const { seen, serving } = factsOf(situation, record);
  const mayHaveVms = seen?.azure !== 'Absent' && seen?.azure !== 'Partial';
  const isDoubtful =
    (observed.site.kind === 'Unreachable' && wish.deletion === undefined) ||
    (observed.site.kind === 'None' && mayHaveVms && serving !== 'No');
  if (record.served !== 'No' || seen === undefined || isDoubtful) {
    return false;
  }
  return seen.mark.kind === 'Read'
    ? seen.mark.mark.served === 'No'
    : seen.mark.kind === 'None' && (seen.azure === 'Absent' || seen.azure === 'Partial');
}

/** Whether the scale set or the group of a deployment that served is gone. */
export function isGone(situation: Situation, record: DeploymentRecord): boolean {
  const { seen } = factsOf(situation, record);
  return record.served === 'Yes' && (seen?.azure === 'Absent' || seen?.azure === 'Partial');
}

/** Whether points and groups may be pointed at the deployment: the tag says that it may have served, or it needs none. */
export function isMarkedServed(situation: Situation, record: DeploymentRecord): boolean {
  const mark = factsOf(situation, record).seen?.mark;
  const isTold = mark?.kind === 'Others' || (mark?.kind === 'Read' && mark.mark.served === 'Yes');
  return record.served === 'Yes' && isTold;
}

/** Whether the deployment may be given points and groups. */
export function isPresentable(situation: Situation, record: DeploymentRecord): boolean {
  const { seen, serving } = factsOf(situation, record);
  return (
    isStanding(record) &&
    serving === 'Yes' &&
    seen?.siteRecord === 'Yes' &&
    situation.rules.isMarkedServed(situation, record)
  );
}

/** Whether this CMG carries the clients of another one, so that it has to stay as it is. */
export function isCarrier(
  { key }: Pick<GatewayWish, 'key'>,
  { claim }: { readonly claim?: OutageClaim | undefined },
): boolean {
  return claim?.carrier === key && claim.claimant !== key;
}
