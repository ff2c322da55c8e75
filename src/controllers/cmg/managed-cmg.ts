import type { CMG, CMGSpec } from '../../api/v1alpha1/cmg.generated.ts';

/**
 * A CMG whose gateways are made and kept, by the operator or by the site. The API server sees to it that the spec has what that
 * takes; a service package only where the operator makes them.
 */
export type ManagedCmg = CMG & {
  readonly spec: CMGSpec & Required<Pick<CMGSpec, 'serverCertificate'>>;
};

/** Whether anything may be changed for this CMG at all. Of one that is not managed, the operator only looks at the gateway. */
export function isManaged(cmg: CMG): cmg is ManagedCmg {
  const { managementPolicy, provisioner, serverCertificate, servicePackage } = cmg.spec;
  const hasWhatItTakes = provisioner === 'Site' || servicePackage !== undefined;
  return managementPolicy !== 'Observe' && serverCertificate !== undefined && hasWhatItTakes;
}
