import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import { provisioningState } from '../../azure/operations.ts';
import type { Operations } from './operations-secret.ts';
import type { ObservedGateway } from './resources.ts';

/** What one round found out about a deployment. */
export interface DeploymentFacts {
  readonly phase: CMGStatusDeployment['phase'];
  readonly observed: ObservedGateway;
  readonly operations: Operations;
  readonly fqdn: string | undefined;
  readonly address: string | undefined;
  readonly wanted: number;
  readonly ready: number;
}

/** The record of a deployment with what is known of it now. Its identity and its beginning never change. */
export function deploymentStatus(record: CMGStatusDeployment, facts: DeploymentFacts): CMGStatusDeployment {
  const { fqdn, address } = facts;
  return {
    ...record,
    phase: facts.phase,
    ...(fqdn === undefined ? {} : { fqdn }),
    ...(address === undefined ? {} : { address }),
    instances: { wanted: facts.wanted, ready: facts.ready },
    resources: facts.observed.graph.map(({ key, id }) => {
      const operation = facts.operations.get(key);
      const state = stateWord(facts, key);
      return {
        name: key,
        id,
        ...(state === undefined ? {} : { provisioningState: state }),
        ...(operation === undefined
          ? {}
          : { operation: { verb: operation.method, startedAt: wholeSeconds(operation.startedAt) } }),
      };
    }),
  };
}

/** Azure's own word; `Absent` where there is nothing, `Succeeded` for what has no state of its own. */
function stateWord({ observed, operations }: DeploymentFacts, key: string): string | undefined {
  const state = observed.states.get(key);
  if (operations.has(key)) {
    return operations.get(key)?.method === 'DELETE' ? 'Deleting' : 'Updating';
  }
  switch (state?.kind) {
    case 'Present':
      return provisioningState(state.resource) ?? 'Succeeded';
    case 'Absent':
      return 'Absent';
    default:
      return undefined;
  }
}

function wholeSeconds(time: string): string {
  return time.replace(/\.\d+(?=Z|[+-])/, '');
}
