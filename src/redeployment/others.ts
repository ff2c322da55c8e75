import { creationHold, retirementHold } from './holds.ts';
import type { DeploymentRecord } from './record.ts';
import type { Successors } from './retirement.ts';
import type { NamesVerdict } from './same-prefix.ts';
import { factsOf, type Situation } from './situation.ts';
import { isWanted } from './wanted.ts';

/**
 * Whether the site made a gateway, or is to make it, and not the operator. It is looked at, and counts as any other; nothing of it is ever
 * written, stopped, started or deleted in Azure.
 */
export function isOthers({ identity }: Pick<DeploymentRecord, 'identity'>): boolean {
  return identity.provisioner === 'Site';
}

/**
 * Whether a gateway was there before anybody asked it of the CMG, so that it stays when the CMG goes. One that the CMG has asked
 * the site for goes with it, as one that the operator made does.
 */
export function wasThereBefore(
  record: Pick<DeploymentRecord, 'identity'> & { readonly wantedOrder?: number },
): boolean {
  return isOthers(record) && (record.wantedOrder ?? 0) === 0;
}

/** Whether the site has still to make the gateway that the CMG asks it for: neither Azure nor the site shows anything of it. */
export function isForPersonToMake(situation: Situation, record: DeploymentRecord): boolean {
  return (
    isOthers(record) &&
    isWanted(situation, record) &&
    creationHold(situation) === undefined &&
    factsOf(situation, record).seen?.azure === 'Absent'
  );
}

/**
 * Whether a gateway that the site made has come so far that a person is to delete it: it has drained behind its successor, or
 * its names are needed first, or nothing is left of it but the site's record. What makes it gone is that it is gone: until
 * then it may be left as it is, and the plan may change.
 */
export function isForPersonToDelete(
  situation: Situation,
  record: DeploymentRecord,
  { successors, names }: { readonly successors: Successors; readonly names: NamesVerdict },
): boolean {
  if (!isOthers(record)) {
    return false;
  }
  const { rules } = situation;
  const { seen } = factsOf(situation, record);
  if (record.stage.phase === 'Deleting') {
    const isLeft = seen?.azure === 'Whole' || (seen?.azure !== 'Absent' && seen?.siteRecord === 'Yes');
    return isLeft && rules.isDetached(situation, record);
  }
  const isHeld = retirementHold(situation) !== undefined || situation.wish.deletion !== undefined;
  if (isHeld || seen === undefined || seen.azure === 'Unknown') {
    return false;
  }
  return (
    isNeededFirst(record, names) ||
    (rules.isDrained(situation, record) && rules.stillBehind(situation, record, successors) !== undefined)
  );
}

/** Whether the names of a gateway are needed by what is wanted, so that it is to go before it has a successor. */
export function isNeededFirst({ id }: DeploymentRecord, names: NamesVerdict): boolean {
  return names.kind === 'DeleteFirst' && names.holder.id === id;
}
