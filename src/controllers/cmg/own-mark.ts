import type { ObservedResources } from '../../azure/desired-resource.ts';
import { planResources } from '../../azure/resource-plan.ts';
import { differences } from '../../azure/subset-diff.ts';
import { isMarkTag } from '../../gateway/mark.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { GatewayMemory } from './memory.ts';
import type { ObservedGateway } from './resources.ts';

/** Key of the resource whose tags carry the mark. */
const ANCHOR = 'identity';

/**
 * What is not as declared, without what the operator itself has to change in the mark. A mark that is another one than it was
 * seen to be, while the same one is due, others have changed: that counts. Where nobody has seen it as it is due, as after a
 * start, nobody knows whose change it is, and it does not count.
 */
export function withoutOwnMark(memory: Pick<GatewayMemory, 'mark'>, observed: ObservedGateway): ObservedGateway {
  if (isMarkChangedByOthers(memory, observed) || observed.plan.converged) {
    return observed;
  }
  const graph = observed.graph.map((resource) => ({
    ...resource,
    desired: (seen: ObservedResources) => withTagsThat(resource.desired(seen), (name) => !isMarkTag(name)),
  }));
  return { ...observed, plan: planResources(graph, observed.states, new Set(observed.operations.keys())) };
}

function isMarkChangedByOthers(memory: Pick<GatewayMemory, 'mark'>, observed: ObservedGateway): boolean {
  const anchor = observed.graph.find(({ key }) => key === ANCHOR);
  const state = observed.states.get(ANCHOR);
  if (anchor === undefined || state?.kind !== 'Present') {
    return false;
  }
  const { tags = {} } = withTagsThat(anchor.desired(observed.resources), isMarkTag) ?? {};
  const due = JSON.stringify(tags);
  if (differences({ tags }, state.resource, anchor).length === 0) {
    memory.mark = due;
    return false;
  }
  return memory.mark === due;
}

function withTagsThat(body: JsonObject | undefined, fits: (name: string) => boolean): JsonObject | undefined {
  if (!isJsonObject(body?.tags)) {
    return body;
  }
  const tags = Object.entries(body.tags).filter(([name]) => fits(name));
  return { ...body, tags: Object.fromEntries(tags) };
}
