import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { ResourceState } from '../../azure/resource-plan.ts';
import { modelRevisionOf } from '../../gateway/tags.ts';
import { chooseVmModel, type VmModelChoice } from '../../gateway/vm-models.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import type { Finding } from './finding.ts';
import type { Happening } from './report.ts';
import { REQUEST_ANNOTATION, type Scope } from './scope.ts';

/** As much of an annotation as the status can hold. */
const LONGEST_REQUEST = 256;

/** Which model the VMs are to have, given the scale set as it was last seen. */
export function vmModelOf(
  scope: Scope,
  record: CMGStatusDeployment | undefined,
  scaleSet: ResourceState | undefined,
): VmModelChoice {
  const tags = scaleSet?.kind === 'Present' ? scaleSet.resource.tags : undefined;
  const records = {
    status: record?.modelRevision,
    tag: modelRevisionOf(tags),
    exists: scaleSet?.kind !== 'Absent',
  };
  return chooseVmModel(scope.vmModels, records, mayUpdate(scope, record));
}

/**
 * A request counts when it was made after the newer model was told: whoever asked for a look before did not know of it, and
 * what stands in a manifest for ever asks for nothing. One that is only kept up keeps its model.
 */
function mayUpdate({ cmg, vmModels, upkeep }: Scope, record: CMGStatusDeployment | undefined): boolean {
  if (upkeep === 'KeepServing') {
    return false;
  }
  if (cmg.spec.vm.modelUpdates === 'Automatic') {
    return true;
  }
  const told = record?.modelUpdate;
  const request = requestOf(cmg);
  const toldNewest = told !== undefined && told.revision === vmModels.at(-1)?.revision;
  return toldNewest && request !== undefined && request !== told.requestBefore;
}

function requestOf({ metadata }: Scope['cmg']): string | undefined {
  return metadata.annotations?.[REQUEST_ANNOTATION]?.slice(0, LONGEST_REQUEST);
}

/** A record with what is known of its model now. Nothing is concluded as long as the scale set has not been read. */
export function withVmModel(
  { cmg, clock }: Scope,
  record: CMGStatusDeployment,
  { model, waiting }: Extract<VmModelChoice, { kind: 'Known' }>,
  scaleSet: ResourceState | undefined,
): CMGStatusDeployment {
  if (scaleSet === undefined || scaleSet.kind === 'Unobserved') {
    return record;
  }
  const { modelUpdate: told, ...rest } = record;
  const modelRevision = model.revision;
  if (waiting === undefined) {
    return { ...rest, modelRevision };
  }
  const { revision } = waiting;
  const requestBefore = requestOf(cmg);
  const first = {
    revision,
    since: toTimestamp(clock.now()),
    ...(requestBefore === undefined ? {} : { requestBefore }),
  };
  return { ...rest, modelRevision, modelUpdate: told?.revision === revision ? told : first };
}

/** What is to be said of a newer model that waits, with the line that has it rolled out. */
export function waitingModelNote({ cmg }: Scope, { modelRevision, modelUpdate }: CMGStatusDeployment): string {
  if (modelUpdate === undefined) {
    return '';
  }
  const { namespace, name } = cmg.metadata;
  return `The VMs have revision ${modelRevision} of their model, and this version of the operator brings revision ${modelUpdate.revision}. It is not rolled out before you ask for it: kubectl annotate --overwrite --namespace ${namespace} cmg ${name} ${REQUEST_ANNOTATION}="$(date -u +%Y-%m-%dT%H:%M:%SZ)"`;
}

/** The event of a newer model, when the record tells of it for the first time. */
export function modelHappenings(
  scope: Scope,
  before: CMGStatusDeployment | undefined,
  after: CMGStatusDeployment,
): readonly Happening[] {
  return after.modelUpdate === undefined || after.modelUpdate === before?.modelUpdate
    ? []
    : [
        {
          type: 'Normal',
          reason: 'ModelUpdateAvailable',
          action: 'Reconcile',
          note: waitingModelNote(scope, after),
        },
      ];
}

export function unknownModel(revision: number): Finding {
  return {
    type: 'AzureReady',
    status: 'False',
    reason: 'ModelRevisionUnknown',
    message: `The VMs have revision ${revision} of their model, which this version of the operator does not know: a newer one made or updated the gateway. The gateway is left as it is. Run that version of the operator, or a newer one.`,
  };
}
