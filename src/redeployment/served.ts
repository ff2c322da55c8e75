import type { DeploymentRecord } from './record.ts';
import { factsOf, type Situation } from './situation.ts';
import { isWanted } from './wanted.ts';
import { maySecretlyServe } from './words.ts';

/**
 * Marks the wanted deployment as one that may have served, before the first point or group is pointed at it: the controller
 * writes the tag with the records, and only what the tag says too is linked. Without a site nobody can tell when the first
 * client comes, so any deployment is as soon as it serves, wanted or not.
 */
export function markServed(situation: Situation): readonly DeploymentRecord[] {
  return situation.records.deployments.map((record) => {
    const { serving, seen } = factsOf(situation, record);
    const isToBeNamed = serving === 'Yes' && seen?.siteRecord === 'Yes' && isWanted(situation, record);
    return record.served === 'No' && (isToBeNamed || maySecretlyServe(situation, record))
      ? { ...record, served: 'Yes' }
      : record;
  });
}
