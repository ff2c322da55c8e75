import type { ConnectionPoint } from '../../api/v1alpha1/connectionpoint.generated.ts';
import { activeDeployment, type DeploymentOfCmg, type GatewayOfCmg } from '../site/gateway-of-cmg.ts';

/** Which gateway of its CMG a connection point is for. */
export type Assignment =
  | { readonly kind: 'Assigned'; readonly deployment: DeploymentOfCmg }
  /** A standby that no gateway needs. */
  | { readonly kind: 'StandsBy' }
  /** A primary to which the CMG has given none of its gateways: only one that is being deleted takes it away. */
  | { readonly kind: 'Unassigned' }
  /** The CMG has no gateway yet. */
  | { readonly kind: 'NoGateway' };

/**
 * While a CMG has several gateways, its status says which point is for which; otherwise primaries are for the one that it has.
 * One that is being deleted has no points any more, whatever the status says.
 */
export function assignmentOf(gateway: GatewayOfCmg, name: string, role: ConnectionPoint['spec']['role']): Assignment {
  const staying = gateway.deployments.filter(({ phase }) => phase !== 'Deleting');
  const assigned = staying.find(({ connectionPoints }) => connectionPoints?.includes(name));
  if (assigned !== undefined) {
    return { kind: 'Assigned', deployment: assigned };
  }
  if (role === 'Standby') {
    return { kind: 'StandsBy' };
  }
  const active = activeDeployment(gateway);
  const areAssigned = gateway.deployments.some(({ connectionPoints }) => connectionPoints !== undefined);
  if (areAssigned || (active ?? gateway.deployments[0])?.phase === 'Deleting') {
    return { kind: 'Unassigned' };
  }
  return active === undefined ? { kind: 'NoGateway' } : { kind: 'Assigned', deployment: active };
}
