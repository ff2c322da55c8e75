import { isSameName } from '../../site/names.ts';
import type { ServiceRecord } from '../../site/site.ts';
import type { DeploymentOfCmg, GatewayOfCmg } from './gateway-of-cmg.ts';

/**
 * The site's record of a deployment, to which links and references can be made; `undefined`: there is none yet. Whether that of
 * an only gateway is in order, its CMG says; of several, the record of the very one has to be there, and to stay. In a state
 * that nobody has explained, nobody knows whether it does.
 */
export function usableRecord(
  { deployments, isRegistered }: GatewayOfCmg,
  { serviceName }: DeploymentOfCmg,
  records: readonly ServiceRecord[],
): ServiceRecord | undefined {
  const record = records.find((each) => isSameName(each.serviceName, serviceName));
  const stays = record?.state.kind !== 'Deleting' && record?.state.kind !== 'Unknown';
  const isInOrder = deployments.length > 1 ? stays : isRegistered;
  return isInOrder ? record : undefined;
}
