import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { contentSteps } from '../../../site/content-steps.ts';
import { isSameName } from '../../../site/names.ts';
import type { SiteOperation } from '../../../site/operations.ts';
import type { MissingContent } from '../compare-content.ts';
import type { Comparison } from '../content-comparisons.ts';
import type { SiteStep } from '../site-requirements.ts';

/** The operation of these steps, by which they are told from others in a status. */
export const DISTRIBUTION_BY_PERSON: SiteOperation = 'DistributeContent';

/** What a person distributes, so that the gateways that still serve clients may be retired, and what was there of those that went first is there again. */
export function stepsForContent(
  comparisons: readonly Comparison[],
  deployments: readonly CMGStatusDeployment[],
): readonly SiteStep[] {
  const serving = deployments.filter(({ phase }) => phase === 'Active' || phase === 'Superseded');
  return comparisons.flatMap(({ from, to, gone, standing }) => {
    const isOfUse = gone !== undefined || serving.some(({ serviceName }) => isSameName(serviceName, from));
    if (standing.kind !== 'Missing' || !isOfUse) {
      return [];
    }
    const isUnassigned = ({ state }: MissingContent) => state === undefined || state === 'Removing';
    const forPeople = standing.first.filter(({ state }) => state !== 'Pending');
    return contentSteps({
      ...(gone === undefined ? { from } : {}),
      to,
      unassigned: forPeople.filter(isUnassigned),
      failed: forPeople.filter((each) => !isUnassigned(each)),
      count: standing.missing - standing.underWay,
    });
  });
}
