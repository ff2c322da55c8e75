import type { CMG, CMGSpec } from '../../api/v1alpha1/cmg.generated.ts';

/** A CMG whose gateway the operator makes and keeps. The API server sees to it that the spec has what that takes. */
export type ManagedCmg = CMG & {
  readonly spec: CMGSpec & Required<Pick<CMGSpec, 'serverCertificate' | 'servicePackage'>>;
};

/** Whether the operator may write to Azure for this CMG at all. Of one that it may not manage, it only looks at the gateway. */
export function isManaged(cmg: CMG): cmg is ManagedCmg {
  const { managementPolicy, serverCertificate, servicePackage } = cmg.spec;
  return managementPolicy !== 'Observe' && serverCertificate !== undefined && servicePackage !== undefined;
}
