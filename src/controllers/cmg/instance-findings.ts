import type { GatewayInstance } from '../../gateway/instances.ts';
import type { Finding } from './finding.ts';

function finding(status: Finding['status'], reason: Finding['reason'], message: string): Finding {
  return { type: 'ServiceHealthy', status, reason, message };
}

function problemsOf(instances: readonly GatewayInstance[]) {
  return instances.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
}

/** What keeps VMs from serving, in sentences. */
export function messagesOf(instances: readonly GatewayInstance[]): string {
  return problemsOf(instances)
    .map(({ message }) => message)
    .join(' ');
}

/** Without a rollout: every VM has the newest model. */
export function unsettledFinding(instances: readonly GatewayInstance[], wanted: number): Finding {
  const problems = problemsOf(instances);
  if (problems.some(({ kind }) => kind === 'SetupFailed')) {
    return setupFailed(instances);
  }
  if (problems.length > 0) {
    const starting = problems.every(({ kind }) => kind === 'Starting');
    return finding('False', starting ? 'InstancesStarting' : 'InstancesUnhealthy', messagesOf(instances));
  }
  return instances.length < wanted
    ? finding('False', 'InstancesStarting', 'Azure has not started all VMs yet.')
    : finding('True', 'Succeeded', 'Every VM serves.');
}

/** A rollout goes on. */
export function rollingOutFinding(instances: readonly GatewayInstance[]): Finding {
  return problemsOf(instances).some(({ kind }) => kind === 'SetupFailed')
    ? setupFailed(instances)
    : finding(
        'Unknown',
        'RollingOut',
        'VMs are being brought to the newest model, so that with two or more one always serves.',
      );
}

/** A rollout waits for those of other gateways. Every VM serves, with the model of before. */
export function waitingFinding(holders: readonly string[]): Finding {
  return finding(
    'True',
    'RolloutWaiting',
    `Every VM serves, with the model of before. The new one waits until the rollout of ${holders.join(' and ')} is over, as --max-concurrent-rollouts asks. If that one does not go on, correct it, or suspend it.`,
  );
}

/**
 * A rollout that goes no further, as VMs do not serve with the new model.
 *
 * @param broken the VMs that do not
 */
export function stoppedFinding(instances: readonly GatewayInstance[], broken: readonly GatewayInstance[]): Finding {
  const upgraded = instances.filter(({ runsLatestModel }) => runsLatestModel).length;
  const serving = instances.filter(({ ready }) => ready).length;
  const left = serving === 0 ? 'No VM serves.' : `${serving} of ${instances.length} VMs serve.`;
  return finding(
    'False',
    'RolloutStopped',
    `The rollout of a new model stopped: ${upgraded} of ${instances.length} VMs have it, and ${broken.length} of them ${broken.length === 1 ? 'does' : 'do'} not serve with it. ${left} ${messagesOf(broken)} Correct what was changed last, such as spec.servicePackage; the corrected model goes to the VMs first that do not serve.`,
  );
}

function setupFailed(instances: readonly GatewayInstance[]): Finding {
  return finding('False', 'SetupFailed', `${messagesOf(instances)} Check the service package and its logs in the VM.`);
}
