import type { Action } from './action.ts';
import { consentCommand } from './consent-command.ts';
import { type ContentStanding, isPassingByItself, listed } from './content.ts';
import type { Finding } from './finding.ts';
import { retirementHold } from './holds.ts';
import type { ContentReading } from './observed.ts';
import type { DeploymentRecord, HeldContent, Records } from './record.ts';
import type { NamesVerdict } from './same-prefix.ts';
import { factsOf, hasConsent, type Situation } from './situation.ts';

/** Of so many gateways it is remembered what they held: of the one that goes, and of the one whose place it took. */
const MOST_LISTS = 2;

/** What one reading of a gateway has shown, as far as it was asked for. */
function readingOf({ observed }: Situation, { id }: DeploymentRecord): ContentReading {
  return observed.contentReadings?.find(({ deployment }) => deployment === id)?.reading ?? { kind: 'Unknown' };
}

/**
 * Rule 6: why a gateway may not be deleted first yet: what it holds is not known, and cannot be read any more once it is gone.
 * `undefined`: it may, as it has been read, or no content is served, or a person does without it.
 */
export function unreadContent(
  situation: Situation,
  holder: DeploymentRecord,
): Extract<ContentReading, { kind: 'Unknown' }> | undefined {
  if (situation.observed.content === undefined || hasConsent(situation, 'ConfirmRetire', holder)) {
    return undefined;
  }
  const reading = readingOf(situation, holder);
  // It was read before that was decided, even if by another process.
  const isDecided = holder.stage.phase === 'Deleting';
  return reading.kind !== 'Unknown' || isDecided ? undefined : reading;
}

/** The records with what is to be remembered of gateways that go before the one that takes their place is there. */
export function noteHeldContent(situation: Situation, names: NamesVerdict): Records {
  const { records } = situation;
  const { heldContent: before = [], ...rest } = records;
  const holder = neededFirst(names);
  const noted = situation.observed.content === undefined ? [] : noteOf(situation, before, holder);
  const isSame = noted.length === before.length && noted.every((list, at) => list === before[at]);
  return isSame ? records : noted.length === 0 ? rest : { ...rest, heldContent: noted };
}

function noteOf(
  situation: Situation,
  before: readonly HeldContent[],
  holder: DeploymentRecord | undefined,
): readonly HeldContent[] {
  const kept = before.filter((list) => isStillOfUse(situation, list, holder));
  const reading = holder === undefined ? undefined : readingOf(situation, holder);
  if (holder === undefined || reading?.kind !== 'Read') {
    return kept;
  }
  const { held, items } = reading;
  const read: HeldContent = { deployment: holder.id, serviceName: holder.serviceName, held, items };
  const known = before.find(isAbout(holder));
  const now = known !== undefined && JSON.stringify(known) === JSON.stringify(read) ? known : read;
  const others = kept.filter((list) => !isAbout(holder)(list));
  return held === 0 ? others : [...others, now].slice(-MOST_LISTS);
}

/** Whether a gateway is yet to go for its names, or has gone and something of what it held may be missing. */
function isStillOfUse(situation: Situation, list: HeldContent, holder: DeploymentRecord | undefined): boolean {
  const record = situation.records.deployments.find(({ id }) => id === list.deployment);
  if (record !== undefined) {
    return record.stage.phase === 'Deleting' || record.id === holder?.id;
  }
  const isLetGo = hasConsent(situation, 'ConfirmRetire', { id: list.deployment });
  return !isLetGo && standingOf(situation, list).kind !== 'Complete';
}

/** The lists of gateways that are gone, to be compared with what the wanted one holds as soon as the site has its record. */
function listsToCheck(situation: Situation): readonly HeldContent[] {
  const { records, wanted, observed } = situation;
  const isThere = wanted !== undefined && factsOf(situation, wanted).seen?.siteRecord === 'Yes';
  const hold = retirementHold(situation);
  // What a gateway holds is the same whatever the clock and the certificate say.
  const isAsked = hold !== 'Stopped' && hold !== 'CarriesClientsOf';
  return isThere && observed.content !== undefined && isAsked
    ? listsIn(records).filter((list) => hasGone(records, list))
    : [];
}

/** Whether a gateway has gone of which it is remembered what it held. */
export function hasGone({ deployments }: Pick<Records, 'deployments'>, { deployment }: HeldContent): boolean {
  return deployments.every(({ id }) => id !== deployment);
}

/** What is to be read of a gateway that is to go first, and what is missing of what others held that have gone. */
export function heldContentActions(situation: Situation, names: NamesVerdict): readonly Action[] {
  const { observed, wanted } = situation;
  const holder = neededFirst(names);
  const checks = listsToCheck(situation).map((held) => ({
    kind: 'CheckContent' as const,
    held,
    to: wanted?.serviceName ?? '',
  }));
  return holder === undefined || observed.content === undefined
    ? checks
    : [...checks, { kind: 'ReadContent', deployment: holder.id, serviceName: holder.serviceName }];
}

/** What stands in the way of deleting a gateway first, when nothing but reading what it holds does. */
export function unreadFinding(
  situation: Situation,
  { holder, failure }: Extract<NamesVerdict, { kind: 'NotRead' }>,
): Finding {
  const { serviceName: from, id } = holder;
  const { serviceName: to } = situation.wish;
  const goes = `${from} has to be deleted before ${to} is built, and what it holds of packages and applications is read first, as nobody can once it is gone.`;
  return failure === undefined
    ? { reason: 'WaitingForContent', deployment: id, message: goes }
    : {
        reason: 'ContentNotDistributed',
        deployment: id,
        message: `${goes} It cannot be: ${failure} It is tried again. To delete it without: ${consentCommand(situation, 'ConfirmRetire', holder)}`,
      };
}

/** What a person has to write down of a gateway that is to go first, as a status does not take all; empty, or begins with a space. */
export function unlistedNote({ records }: Situation, { id, serviceName }: DeploymentRecord): string {
  const list = listsIn(records).find(({ deployment }) => deployment === id);
  return list === undefined || list.held === list.items.length
    ? ''
    : ` ${serviceName} holds ${list.held} packages and applications, and ${list.items.length} of them are remembered: before it goes, write down what the tab Content of its properties in the console lists.`;
}

/** What the wanted gateway still lacks of what those held that were deleted first. It holds nothing back. */
export function heldContentFindings(situation: Situation): readonly Finding[] {
  return listsToCheck(situation).flatMap((list): readonly Finding[] => {
    const standing = standingOf(situation, list);
    const to = situation.wanted?.serviceName ?? '';
    const wayOut = consentCommand(situation, 'ConfirmRetire', { id: list.deployment });
    return standing.kind === 'Complete'
      ? []
      : [
          {
            reason: isPassingByItself(standing) ? 'WaitingForContent' : 'ContentNotDistributed',
            deployment: list.deployment,
            message: `${wordsFor(standing, to)} Nothing waits for it. To let it be: ${wayOut}`,
          },
        ];
  });
}

function wordsFor(standing: Exclude<ContentStanding, { kind: 'Complete' }>, to: string): string {
  if (standing.kind === 'Unknown') {
    return standing.failure === undefined
      ? `What ${to} holds is being compared with what the gateway held that was deleted before it.`
      : `Whether ${to} holds what the gateway held that was deleted before it is not known: ${standing.failure}`;
  }
  const { held, missing, first } = standing;
  const lacking = `${to} lacks ${missing} of the ${held} packages and applications that the gateway held that was deleted before it: ${listed(first, missing)}.`;
  return isPassingByItself(standing)
    ? `${lacking} They are on their way.`
    : `${lacking} status.manualSteps says how to distribute them.`;
}

/** What is known of a list on the wanted gateway. */
function standingOf({ observed, wanted }: Situation, { deployment }: HeldContent): ContentStanding {
  const found = observed.content?.find(({ gone, to }) => gone === deployment && to === wanted?.serviceName);
  return found?.standing ?? { kind: 'Unknown' };
}

/** The gateway that has to go before what is wanted is made. */
function neededFirst(names: NamesVerdict): DeploymentRecord | undefined {
  return names.kind === 'Free' || names.kind === 'Wait' ? undefined : names.holder;
}

function listsIn({ heldContent = [] }: Records): readonly HeldContent[] {
  return heldContent;
}

function isAbout({ id }: DeploymentRecord): (list: HeldContent) => boolean {
  return ({ deployment }) => deployment === id;
}
