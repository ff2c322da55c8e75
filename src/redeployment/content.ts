import type { Finding } from './finding.ts';
import type { DeploymentRecord } from './record.ts';
import { isOverdue } from './retirement.ts';
import { isSameName, type Situation } from './situation.ts';

/** How what one gateway holds of packages and applications stands on another one. */
export type ContentStanding =
  /** It has not been read, or could not be; `failure` is a sentence that says why. */
  | { readonly kind: 'Unknown'; readonly failure?: string }
  | { readonly kind: 'Complete'; readonly held: number }
  | {
      readonly kind: 'Missing';
      /** How many the old one holds. */
      readonly held: number;
      /** How many of them the other one does not. */
      readonly missing: number;
      /** How many of those are on their way to it. */
      readonly underWay: number;
      /** The first of those that it lacks. */
      readonly first: readonly { readonly name: string }[];
    };

/** What the distribution points of two gateways came to when they were compared. */
export interface ContentComparison {
  /** Service name of the gateway that is to be retired. */
  readonly from: string;
  /** Service name of the gateway that takes its place. */
  readonly to: string;
  /** Id of the deployment `from`, where it is gone and only what was noted of it has been compared. */
  readonly gone?: string;
  readonly standing: ContentStanding;
}

/** What is known of the content of a deployment on its successor. Where none is asked for, nothing is missing. */
function standingOf(
  { observed }: Situation,
  { serviceName }: DeploymentRecord,
  successor: DeploymentRecord,
): ContentStanding {
  if (observed.content === undefined) {
    return { kind: 'Complete', held: 0 };
  }
  const found = observed.content.find(
    ({ from, to, gone }) =>
      gone === undefined && isSameName(from, serviceName) && isSameName(to, successor.serviceName),
  );
  return found?.standing ?? { kind: 'Unknown' };
}

/**
 * Rule 3: whether clients find on the successor what they load from a deployment, as far as it serves content. Unknown is no.
 * A deadline that lets it retire without evidence of clients lets it retire without this too.
 */
export function isContentThere(situation: Situation, record: DeploymentRecord, successor: DeploymentRecord): boolean {
  const isGivenUp = situation.wish.terms.onDeadline === 'Retire' && isOverdue(situation, successor);
  return isGivenUp || standingOf(situation, record, successor).kind === 'Complete';
}

/** What is to be said of missing content while something else is waited for; begins with a space, or is empty. */
export function contentNote(situation: Situation, record: DeploymentRecord, successor: DeploymentRecord): string {
  const words = wordsFor(standingOf(situation, record, successor), record, successor);
  return words === undefined ? '' : ` ${words}`;
}

/** What holds a deployment back when nothing but its content does. @param wayOut the line by which a person consents */
export function contentFinding(
  situation: Situation,
  record: DeploymentRecord,
  successor: DeploymentRecord,
  wayOut: string,
): Finding {
  const standing = standingOf(situation, record, successor);
  const kept = `${record.serviceName} is kept for its content.`;
  const words = wordsFor(standing, record, successor) ?? `It is being compared with that of ${successor.serviceName}.`;
  return {
    reason: isPassingByItself(standing) ? 'WaitingForContent' : 'ContentNotDistributed',
    deployment: record.id,
    message: `${kept} ${words} To retire it all the same: ${wayOut}`,
  };
}

/** Whether it is only to be waited for: all of it is on its way, or it is being read. */
export function isPassingByItself(standing: ContentStanding): boolean {
  switch (standing.kind) {
    case 'Missing':
      return standing.underWay === standing.missing;
    case 'Unknown':
      return standing.failure === undefined;
    case 'Complete':
      return true;
  }
}

/** One or two sentences; `undefined`: there is nothing to be said, or not yet. */
function wordsFor(
  standing: ContentStanding,
  { serviceName: from }: DeploymentRecord,
  { serviceName: to }: DeploymentRecord,
): string | undefined {
  switch (standing.kind) {
    case 'Unknown':
      return standing.failure === undefined
        ? undefined
        : `Whether ${to} holds the content of ${from} is not known: ${standing.failure}`;
    case 'Complete':
      return undefined;
    case 'Missing': {
      const { held, missing, first } = standing;
      const lacking = `${to} lacks ${missing} of the ${held} packages and applications that ${from} holds: ${listed(first, missing)}.`;
      return isPassingByItself(standing)
        ? `${lacking} They are on their way.`
        : `${lacking} status.manualSteps says how to distribute them.`;
    }
  }
}

/** More than these are counted only. */
const NAMED = 3;
const LONGEST_NAME = 60;

/** The first names, for a sentence. */
export function listed(first: readonly { readonly name: string }[], missing: number): string {
  const named = first.slice(0, NAMED).map(({ name }) => name.slice(0, LONGEST_NAME));
  return missing > named.length ? `${named.join(', ')} and others` : named.join(', ');
}
