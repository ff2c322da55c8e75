import type { CMG, CMGStatus, CMGStatusDeployment, CMGStatusPlanned } from '../../../api/v1alpha1/cmg.generated.ts';
import type { CarrierWatch } from '../../../redeployment/carrier-watch.ts';
import { CONSENT_ANNOTATIONS } from '../../../redeployment/consent-command.ts';
import type { AdvertisedRun, Consent, DeploymentRecord, Records, Stage } from '../../../redeployment/record.ts';
import { toTimestamp } from '../../../runtime/conditions.ts';

/** What the planner remembers of a CMG, as its status has it. */
export function recordsOf(status: CMGStatus | undefined): Records {
  const { identity, generation, lapsedConsents, devicesAtBeginning, heldContent } = status?.planned ?? {};
  const leavingSince = status?.leavingSince;
  return {
    deployments: (status?.deployments ?? []).map(recordOf),
    ...(identity === undefined ? {} : { wanted: identity }),
    ...(generation === undefined ? {} : { generation }),
    lapsed: lapsedConsents ?? [],
    ...(devicesAtBeginning === undefined ? {} : { devicesAtBeginning }),
    ...(leavingSince === undefined ? {} : { leavingSince: Date.parse(leavingSince) }),
    ...(heldContent === undefined ? {} : { heldContent }),
  };
}

/** A deployment as the planner knows it. What an earlier operator did not write down may have served. */
export function recordOf(deployment: CMGStatusDeployment): DeploymentRecord {
  const { id, identity, serviceName, served, wantedSince, wantedOrder, createdAt, advertised, announcedDeletion } =
    deployment;
  return {
    id,
    identity,
    serviceName,
    served: served === false ? 'No' : 'Yes',
    wantedSince: Date.parse(wantedSince ?? createdAt),
    wantedOrder: wantedOrder ?? 0,
    stage: stageOf(deployment),
    ...(advertised === undefined ? {} : { run: runOf(advertised) }),
    ...(announcedDeletion === undefined ? {} : { announced: announcedDeletion }),
  };
}

function stageOf({ phase, drainsBehind, stoppedAt, deletionCause }: CMGStatusDeployment): Stage {
  switch (phase) {
    case 'Draining':
      return {
        phase,
        behind: drainsBehind ?? '',
        ...(stoppedAt === undefined ? {} : { stoppedAt: Date.parse(stoppedAt) }),
      };
    case 'Deleting':
      return { phase, because: deletionCause ?? 'CmgDeleted' };
    default:
      return { phase };
  }
}

function runOf({ since, seenAt, otherwiseSince }: NonNullable<CMGStatusDeployment['advertised']>): AdvertisedRun {
  return {
    since: Date.parse(since),
    seenAt: Date.parse(seenAt),
    ...(otherwiseSince === undefined ? {} : { otherwiseSince: Date.parse(otherwiseSince) }),
  };
}

/** A deployment in the status with what the planner remembers of it from now on. */
export function withRecord(deployment: CMGStatusDeployment, record: DeploymentRecord): CMGStatusDeployment {
  const {
    drainsBehind: _behind,
    stoppedAt: _stopped,
    deletionCause: _cause,
    announcedDeletion: _announced,
    advertised: _run,
    ...rest
  } = deployment;
  const { stage, run, announced } = record;
  return {
    ...rest,
    phase: stage.phase,
    served: record.served === 'Yes',
    wantedSince: toTimestamp(record.wantedSince),
    wantedOrder: record.wantedOrder,
    ...(run === undefined ? {} : { advertised: runInStatus(run) }),
    ...(stage.phase === 'Draining' ? { drainsBehind: stage.behind } : {}),
    ...(stage.phase === 'Draining' && stage.stoppedAt !== undefined ? { stoppedAt: toTimestamp(stage.stoppedAt) } : {}),
    ...(announced === undefined ? {} : { announcedDeletion: announced }),
    ...(stage.phase === 'Deleting' ? { deletionCause: stage.because } : {}),
  };
}

function runInStatus({ since, seenAt, otherwiseSince }: AdvertisedRun): NonNullable<CMGStatusDeployment['advertised']> {
  return {
    since: toTimestamp(since),
    seenAt: toTimestamp(seenAt),
    ...(otherwiseSince === undefined ? {} : { otherwiseSince: toTimestamp(otherwiseSince) }),
  };
}

/** What the status has of the records besides the deployments. */
export function plannedOf({ wanted, generation, lapsed, devicesAtBeginning, heldContent }: Records): CMGStatusPlanned {
  return {
    ...(wanted === undefined ? {} : { identity: wanted as NonNullable<CMGStatusPlanned['identity']> }),
    ...(generation === undefined ? {} : { generation }),
    ...(lapsed.length === 0 ? {} : { lapsedConsents: lapsed.map(({ kind, deployment }) => ({ kind, deployment })) }),
    ...(devicesAtBeginning === undefined ? {} : { devicesAtBeginning }),
    ...(heldContent === undefined
      ? {}
      : { heldContent: heldContent.map((list) => ({ ...list, items: list.items.map((item) => ({ ...item })) })) }),
  };
}

/** Whether something may be missing that a gateway held which was deleted before the one that there is. */
export function isHeldContentMissing(status: Pick<CMGStatus, 'deployments' | 'planned'> | undefined): boolean {
  const { deployments = [], planned } = status ?? {};
  return (planned?.heldContent ?? []).some(({ deployment }) => deployments.every(({ id }) => id !== deployment));
}

/** What is remembered of the CMGs that may carry the clients of this one, as its status has it. */
export function watchesOf({ metadata, status }: CMG): readonly CarrierWatch[] {
  return (status?.planned?.carriers ?? []).map(({ name, deployment, advertised }) => ({
    key: `${metadata.namespace}/${name}`,
    deployment,
    ...(advertised === undefined ? {} : { run: runOf(advertised) }),
  }));
}

export function watchesInStatus(watches: readonly CarrierWatch[]): Pick<CMGStatusPlanned, 'carriers'> {
  const carriers = watches.map(({ key, deployment, run }) => ({
    name: key.slice(key.indexOf('/') + 1),
    deployment,
    ...(run === undefined ? {} : { advertised: runInStatus(run) }),
  }));
  return carriers.length === 0 ? {} : { carriers };
}

/** Whether the planner has decided something, so that it has to be written down before anything is done. */
export function isDecided(before: Records, after: Records): boolean {
  return JSON.stringify(decisionsOf(before)) !== JSON.stringify(decisionsOf(after));
}

/** All but the moments at which something was seen again: they alone are no reason to write. */
function decisionsOf({ deployments, wanted, generation, lapsed, leavingSince }: Records) {
  return [
    wanted,
    generation,
    lapsed,
    leavingSince,
    deployments.map(({ id, stage, served, wantedOrder, announced }) => [id, stage, served, wantedOrder, announced]),
  ];
}

/** The ids of deployments that a person has consented to something about, by annotation. */
export function consentsOf({ metadata: { annotations = {} } }: Pick<CMG, 'metadata'>): readonly Consent[] {
  const of = (kind: Consent['kind']) => {
    const deployment = annotations[CONSENT_ANNOTATIONS[kind]];
    return deployment === undefined || deployment === '' ? [] : [{ kind, deployment }];
  };
  return [...of('AllowClientOutage'), ...of('ConfirmRetire')];
}
