import type { CMGStatusDeployment, CMGStatusDeploymentResource } from '../../api/v1alpha1/cmg.generated.ts';
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
    resources: resourcesOf(record.resources ?? [], facts),
  };
}

type Resource = CMGStatusDeploymentResource;

/** @param before what was told of them before, which holds as long as they have not been read again */
function resourcesOf(before: readonly Resource[], facts: DeploymentFacts): readonly Resource[] {
  const { graph, states } = facts.observed;
  const now = graph.map(({ key, id }): Resource => {
    const operation = facts.operations.get(key);
    const known = before.find((resource) => resource.name === key && resource.id === id);
    const state = stateWord(facts, key) ?? known?.provisioningState;
    return {
      name: key,
      id,
      ...(state === undefined ? {} : { provisioningState: state }),
      ...(operation === undefined
        ? {}
        : { operation: { verb: operation.method, startedAt: wholeSeconds(operation.startedAt) } }),
    };
  });
  if (graph.every(({ key }) => states.get(key)?.kind !== 'Unobserved')) {
    return now;
  }
  // What some resources are called is known only once another one has been read.
  const added = now.filter(({ name }) => before.every((resource) => resource.name !== name));
  return [...before.map((resource) => now.find(({ name }) => name === resource.name) ?? resource), ...added];
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
