import type { CMGStatus, CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { Happening } from '../report.ts';

/** An event for each step on the way of a deployment that takes the place of another one, or gives its own to it. */
export function phaseHappenings(
  { deployments: before = [], redeployment }: Pick<CMGStatus, 'deployments' | 'redeployment'>,
  after: readonly CMGStatusDeployment[],
): readonly Happening[] {
  const phases = new Map(before.map(({ id, phase }) => [id, phase]));
  const isReplacing = redeployment !== undefined;
  const told = (reason: string, note: string) => ({ type: 'Normal', reason, action: 'Redeploy', note }) as const;
  const changed = after.flatMap(({ id, phase, serviceName }) => {
    const then = phases.get(id);
    // The first gateway of a CMG replaces none.
    const isOfFirst = !isReplacing && (before.length === 0 || (then === 'Provisioning' && before.length === 1));
    if (phase === then || isOfFirst) {
      return [];
    }
    const isBeside = after.some((other) => other.id !== id && other.phase !== 'Deleting');
    const note = phase === 'Provisioning' && !isBeside ? WITHOUT_ANOTHER : PHASE_NOTES[phase];
    return [told(`Deployment${phase}`, `${serviceName} (${id}): ${note}`)];
  });
  const gone = before
    .filter(({ id }) => after.every((each) => each.id !== id))
    .map(({ id, serviceName }) => told('DeploymentGone', `${serviceName} (${id}): nothing of it is left.`));
  return [...changed, ...gone];
}

const PHASE_NOTES: Readonly<Record<CMGStatusDeployment['phase'], string>> = {
  Provisioning: 'it is being built, while the gateway that it replaces serves.',
  Active: 'it is there for clients.',
  Superseded: 'it serves on, until clients have learnt of the gateway that takes its place.',
  Draining: 'it hands over to the gateway that takes its place.',
  Deleting: 'it is being deleted.',
};

const WITHOUT_ANOTHER = 'it is being built, and no other gateway serves meanwhile.';
