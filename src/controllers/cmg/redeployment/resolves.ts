import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { Seen } from '../../../redeployment/observed.ts';
import type { Scope } from '../scope.ts';

/** Whether the service name leads to the gateway, as far as the operator may look. */
export async function resolves(
  { resolveName, signal }: Pick<Scope, 'resolveName' | 'signal'>,
  { serviceName, address }: Pick<CMGStatusDeployment, 'serviceName' | 'address'>,
): Promise<Seen> {
  if (resolveName === undefined) {
    return 'Yes';
  }
  const found = await resolveName(serviceName, signal);
  switch (found.kind) {
    case 'Addresses':
      return address !== undefined && found.addresses.includes(address) ? 'Yes' : 'No';
    case 'NoAddress':
      return 'No';
    case 'Unknown':
      return 'Unknown';
    default:
      return found satisfies never;
  }
}
