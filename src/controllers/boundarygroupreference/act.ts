import type { WriteResult } from '../../site/site.ts';
import type { ReferenceRound } from './controller.ts';
import type { ReferenceFacts, ReferencePlan } from './plan.ts';

/** Carries out a change. What came of it shows when it is read back in a later round. */
export function actOnPlan(
  { live, context, reference }: ReferenceRound,
  { group }: ReferenceFacts,
  plan: ReferencePlan,
): Promise<WriteResult> {
  const options = { signal: context.signal };
  switch (plan.kind) {
    case 'Add':
      return live.addBoundaryGroupMember(
        { group, service: plan.record, connection: reference.spec.connection },
        options,
      );
    case 'SetPreference':
      return live.setPreferCloudSources({ group, preferCloudSources: plan.preferCloudSources }, options);
    case 'Remove':
      return live.removeBoundaryGroupMember({ group, member: plan.member }, options);
    default:
      throw new Error(`A plan of the kind ${plan.kind} changes nothing.`);
  }
}
