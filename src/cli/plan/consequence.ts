import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import { isManaged, type ManagedCmg } from '../../controllers/cmg/managed-cmg.ts';
import { wishOf } from '../../controllers/cmg/redeployment/wish.ts';
import { judgeCreation } from '../../redeployment/creation.ts';
import type { RedeploymentReason } from '../../redeployment/finding.ts';
import { isSameIdentity } from '../../redeployment/identity.ts';
import type { Instant } from '../../redeployment/instant.ts';
import type { DeploymentRecord } from '../../redeployment/record.ts';
import { judgeNames, type NamesVerdict } from '../../redeployment/same-prefix.ts';
import type { Situation } from '../../redeployment/situation.ts';
import type { FieldChange } from './changes.ts';
import { type KnownPoints, situationWith } from './situation.ts';

/** How another gateway comes to take the place of one that exists. */
export type Manner =
  /** Both stand until clients know the new one. */
  | 'SideBySide'
  /** The old one has the names of the new one and goes before; its clients have none meanwhile. */
  | 'DeleteFirst'
  /** A gateway with the names of the new one goes by itself: it is being deleted, or never served. */
  | 'AfterDeletion'
  /** A redeployment that runs has to end first: it retires the gateway with the names of the new one. */
  | 'AfterEarlierRedeployment';

/** What would follow from applying a manifest. */
export type Consequence =
  /** There is no such CMG yet. */
  | { readonly kind: 'Created' }
  /** Nothing differs. */
  | { readonly kind: 'Unchanged'; readonly running: boolean }
  /** All of it is carried out on the gateway that is there, or is being built. */
  | { readonly kind: 'InPlace'; readonly running: boolean }
  /** The status tells of no gateway yet: what is built, is built as the manifest says. */
  | { readonly kind: 'Built' }
  /** Another gateway is built. */
  | {
      readonly kind: 'Replaced';
      readonly manner: Manner;
      /** The gateway with the names of the new one. */
      readonly holder: DeploymentRecord | undefined;
      /** What nothing is built before, as far as it is known; `SiteUnreachable`: whoever asks cannot see it. */
      readonly blockedBy: RedeploymentReason | undefined;
      readonly situation: Situation;
    }
  /** A gateway that still stands is wanted again. */
  | { readonly kind: 'SetBack'; readonly to: DeploymentRecord; readonly situation: Situation }
  /** The operator only looks: it writes nothing to Azure. */
  | { readonly kind: 'Observed' }
  /** The CMG is being deleted, which a change of the spec does not stop. */
  | { readonly kind: 'BeingDeleted' }
  /** Fields are changed that this program does not know. */
  | { readonly kind: 'Unclear' };

/** What is asked about. */
export interface Question {
  /** As the API server has it. */
  readonly live: CMG;
  /** The spec that it would have, defaults filled in. */
  readonly spec: CMG['spec'];
  readonly changes: readonly FieldChange[];
  readonly points: KnownPoints;
  readonly now: Instant;
}

/** What follows from a change of a CMG that exists, by the judgements of the planner. */
export function consequenceOf(question: Question): Consequence {
  const { live, spec, changes } = question;
  const wished: CMG = { ...live, spec };
  if (changes.some(({ change }) => change === 'Unknown')) {
    return { kind: 'Unclear' };
  }
  if (live.metadata.deletionTimestamp !== undefined) {
    return { kind: 'BeingDeleted' };
  }
  if (!isManaged(wished)) {
    return { kind: 'Observed' };
  }
  if ((live.status?.deployments ?? []).length === 0) {
    return changes.length === 0 ? { kind: 'Unchanged', running: false } : { kind: 'Built' };
  }
  return planned(question, wished);
}

function planned({ live, changes, points, now }: Question, wished: ManagedCmg): Consequence {
  const situation = situationWith(wished, points, now);
  const { wanted, records } = situation;
  const isAskedForAlready = isManaged(live) && isSameIdentity(wishOf(live).identity, wishOf(wished).identity);
  if (isAskedForAlready || (wanted !== undefined && isNewest(live, wanted))) {
    const running = records.deployments.length > 1 || wanted === undefined;
    return { kind: changes.length === 0 ? 'Unchanged' : 'InPlace', running };
  }
  if (wanted !== undefined) {
    return { kind: 'SetBack', to: wanted, situation };
  }
  const names = judgeNames(situation);
  const creation = judgeCreation(situation, names);
  const isPointInTheWay = names.kind === 'Free' && creation.kind === 'Wait';
  return {
    kind: 'Replaced',
    manner: mannerOf(names),
    holder: names.kind === 'Free' ? undefined : names.holder,
    blockedBy:
      isPointInTheWay && creation.reason !== 'Stopped' && creation.reason !== 'Unknown' ? creation.reason : undefined,
    situation,
  };
}

/** Whether no other gateway of an observed CMG has been asked for since. Of a managed one, its spec tells what it asks for. */
function isNewest(live: CMG, { id }: DeploymentRecord): boolean {
  const orderOf = (deployment: { readonly wantedOrder?: number }) => deployment.wantedOrder ?? 0;
  const deployments = live.status?.deployments ?? [];
  const own = deployments.find((deployment) => deployment.id === id);
  return !isManaged(live) && deployments.every((other) => orderOf(other) <= orderOf(own ?? {}));
}

function mannerOf(names: NamesVerdict): Manner {
  switch (names.kind) {
    case 'Free':
      return 'SideBySide';
    case 'Wait':
      return names.reason === 'WaitingForNames' ? 'AfterDeletion' : 'AfterEarlierRedeployment';
    case 'NotReady':
    case 'NotRead':
    case 'Claim':
    case 'ClaimTaken':
    case 'NoCarrier':
    case 'DeleteFirst':
      return 'DeleteFirst';
    default:
      return names satisfies never;
  }
}
