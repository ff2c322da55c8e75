import type { DeploymentRecord } from './record.ts';
import { factsOf, type Situation } from './situation.ts';
import { isWanted } from './wanted.ts';
import { maySecretlyServe } from './words.ts';

/**
 * Marks the wanted deployment as one that may have served, before the first point or group is pointed at it: the controller
 * writes the tag with the records, and only what the tag says too is linked. Others: as `markSecretlyServed`.
 */
export function markServed(situation: Situation): readonly DeploymentRecord[] {
  return marked(situation, (record) => {
    const { serving, seen } = factsOf(situation, record);
    const isToBeNamed = serving === 'Yes' && seen?.siteRecord === 'Yes' && isWanted(situation, record);
    return isToBeNamed || maySecretlyServe(situation, record);
  });
}

/** Without a site nobody can tell when the first client comes: any deployment is marked as soon as it serves, wanted or not. */
export function markSecretlyServed(situation: Situation): readonly DeploymentRecord[] {
  return marked(situation, (record) => maySecretlyServe(situation, record));
}

function marked({ records }: Situation, mayServe: (record: DeploymentRecord) => boolean): readonly DeploymentRecord[] {
  return records.deployments.map((record) =>
    record.served === 'No' && mayServe(record) ? { ...record, served: 'Yes' } : record,
  );
}
