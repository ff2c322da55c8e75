import type { Observed, ObservedDeployment } from './observed.ts';
import { isOthers } from './others.ts';
import type { DeploymentMark, DeploymentRecord } from './record.ts';
import { isSameName, type Situation } from './situation.ts';
import { isMember } from './words.ts';

/**
 * Rule 11: the records, as status and tags together tell. Where the two differ, the one that deletes later wins; what
 * carries our tag and stands in no record is taken up.
 */
export function recall({ records, observed }: Situation): readonly DeploymentRecord[] {
  const seenById = new Map(observed.deployments.map((seen) => [seen.id, seen]));
  const known = records.deployments.map((record) => {
    const seen = seenById.get(record.id);
    const remembered = seen?.mark.kind === 'Read' ? merge(record, seen.mark.mark) : record;
    return withDoubts(remembered, seen, observed);
  });
  const knownIds = new Set(known.map(({ id }) => id));
  const found = observed.deployments
    .filter(({ id }) => !knownIds.has(id))
    .flatMap((seen) => takenUp(seen).map((record) => withDoubts(asFound(record, seen, observed), seen, observed)));
  return found.length === 0 ? known : [...known, ...found];
}

function merge(record: DeploymentRecord, mark: DeploymentMark): DeploymentRecord {
  const served = mark.served === 'Yes' ? 'Yes' : record.served;
  const wantedSince = Math.max(record.wantedSince, mark.wantedSince);
  const wantedOrder = Math.max(record.wantedOrder, mark.wantedOrder);
  const isSame = served === record.served && wantedSince === record.wantedSince && wantedOrder === record.wantedOrder;
  return isSame ? record : { ...record, served, wantedSince, wantedOrder };
}

/**
 * Without a site, what nobody has looked at yet may have served before its tags could be written, which a status that is lost would
 * have told.
 */
function asFound(record: DeploymentRecord, { azure }: ObservedDeployment, { site }: Observed): DeploymentRecord {
  const mayHaveServed = site.kind === 'None' && azure === 'Unknown';
  return mayHaveServed && record.served === 'No' ? { ...record, served: 'Yes' } : record;
}

/** Its run is not known, so it begins anew. */
function takenUp({ mark }: ObservedDeployment): readonly DeploymentRecord[] {
  return mark.kind === 'Read'
    ? [{ ...mark.mark, stage: { phase: mark.mark.served === 'Yes' ? 'Active' : 'Provisioning' } }]
    : [];
}

/**
 * A gateway whose name a point or a group carries may have served, whoever pointed it there; so may one that others made, from
 * the moment at which anything of it may be there.
 */
function withDoubts(
  record: DeploymentRecord,
  seen: ObservedDeployment | undefined,
  { site }: Observed,
): DeploymentRecord {
  if (record.served === 'Yes') {
    return record;
  }
  const isStillToBeMade = record.stage.phase === 'Provisioning' && seen?.azure === 'Absent';
  const isDoubtful = (isOthers(record) && !isStillToBeMade) || isNamedOnSite(site, record.serviceName);
  return isDoubtful ? { ...record, served: 'Yes' } : record;
}

/** Whether a connection point or a boundary group carries a service name. */
export function isNamedOnSite(site: Observed['site'], serviceName: string): boolean {
  return (
    site.kind === 'Read' &&
    (site.points.some(({ linkedTo }) => linkedTo !== undefined && isSameName(linkedTo, serviceName)) ||
      site.groups.some(({ members }) => isMember(members, serviceName)))
  );
}
