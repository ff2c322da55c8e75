import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';

/** Whether somebody else than the operator made a recorded gateway. It is never changed and never deleted. */
export function isOthers({ identity }: CMGStatusDeployment): boolean {
  return identity.provisioner === 'Site';
}
