import type { DeploymentRecord } from './record.ts';
import { factsOf, type Situation } from './situation.ts';
import { isWanted } from './wanted.ts';

/**
 * Marks the wanted deployment as one that may have served, before the first point or group is pointed at it: the controller
 * writes the tag with the records, and only what the tag says too is linked. Without a site nobody can tell when the first
 * client comes, so it is as soon as the deployment serves.
 */
export function markServed(situation: Situation): readonly DeploymentRecord[] {
  const { records, observed } = situation;
  return records.deployments.map((record) => {
    const { serving, seen } = factsOf(situation, record);
    const isReady = serving === 'Yes' && (observed.site.kind === 'None' || seen?.siteRecord === 'Yes');
    return record.served === 'No' && isReady && isWanted(situation, record) ? { ...record, served: 'Yes' } : record;
  });
}
