import type { CMG } from '../../../api/v1alpha1/cmg.generated.ts';
import type { Site } from '../../../api/v1alpha1/site.generated.ts';
import type { Action } from '../../../redeployment/action.ts';
import type { ClientPass } from '../../../redeployment/client-gate.ts';
import type { LiveFacts } from '../../../redeployment/observed.ts';
import type { Plan } from '../../../redeployment/planner.ts';
import type { ObjectKey } from '../../../runtime/objects.ts';
import type { SiteFailure } from '../../../site/site.ts';
import type { ClaimWriter } from '../../site/outage-claim.ts';
import type { Counted } from '../client-counts.ts';
import type { ContentQuestion, KnownContent } from '../content-comparisons.ts';
import type { GatewayWatches } from '../gateway-watches.ts';
import type { GatewayMemories } from '../memory.ts';
import type { OperationsStore } from '../operations-secret.ts';
import type { Happening, Report } from '../report.ts';
import type { Scope } from '../scope.ts';
import type { SiteStep } from '../site-requirements.ts';
import type { SiteScope } from '../site-scope.ts';
import { stopDeployment } from './azure-actions.ts';
import { changeClaim } from './claim-on-site.ts';
import { deleteDeployment } from './delete-deployment.ts';
import { observeAll, type Round } from './observe-all.ts';
import { planRound } from './plan-round.ts';
import { isDecided, recordsOf } from './records.ts';
import { reportOf } from './report-of.ts';
import { stepsForPerson } from './steps-for-person.ts';
import { wishOf } from './wish.ts';

/** What the procedure for all deployments of a CMG works with. */
export interface DeploymentsInput {
  readonly scope: Scope;
  readonly store: OperationsStore;
  readonly memories: Pick<GatewayMemories, 'of' | 'rename'>;
  readonly site: SiteScope;
  /** The other CMGs of the same site. */
  readonly others: readonly CMG[];
  /** How long their gateways have been looked at. */
  readonly watches: Pick<GatewayWatches, 'seenSince'>;
  /** The last passes over the devices of the site for this CMG. */
  readonly passes: readonly ClientPass[];
  /** Why the last pass came to nothing; `undefined` where it did not, or none has been made. */
  readonly countFailure: SiteFailure | undefined;
  /** A pass is wanted. */
  readonly countClients: (action: Omit<Extract<Action, { kind: 'CountClients' }>, 'kind'>, whom: Counted) => void;
  /** What is known of the content of its gateways; absent where nothing of it is to be asked. */
  readonly content?: KnownContent;
  /** This is to be found out, and nothing else any more. */
  readonly askForContent: (questions: readonly ContentQuestion[]) => void;
  /** The CMG as the API server has it now; `undefined`: it is gone, or could not be read. */
  readonly readCmg: (cmg: CMG, signal: AbortSignal) => Promise<CMG | undefined>;
  /** The Site as the API server has it now; `undefined`: it is gone. */
  readonly readSite: (site: ObjectKey, signal: AbortSignal) => Promise<Site | undefined>;
  /** Writes the claim on the site. */
  readonly claims: Pick<ClaimWriter, 'client' | 'fieldManager'>;
}

/** A round in its parts, for the report. */
export interface PlannedRound {
  readonly round: Round;
  readonly planned: Plan;
  /** Decisions are written down before anything follows from them. */
  readonly decided: boolean;
  /** What follows from the plan in Azure, and how it ended. */
  readonly happenings: readonly Happening[];
  /** What a person has to do for it. */
  readonly steps: readonly SiteStep[];
  /** What is to be said of stops and deletions that go on, or do not. */
  readonly troubles: readonly string[];
  readonly againAfterMs: number;
}

/**
 * One round for the gateways of a CMG: each that stands is looked at and kept up, the plan is made from what was seen, what
 * it decides is written down, and, once it is, carried out. Mostly there is one gateway, and nothing is decided.
 */
export async function reconcileDeployments(input: DeploymentsInput): Promise<Report> {
  const { scope } = input;
  const { cmg } = scope;
  const wish = wishOf(cmg);
  const records = recordsOf(cmg.status);
  const round = await observeAll(input, wish);
  const { planned, live, turn } = await planRound(input, records, round);
  const decided = isDecided(records, planned.records);
  const carriedOut = decided ? NOTHING : await carryOut(input, round, planned.actions);
  const steps = stepsForPerson(input, round, planned.actions);
  const troubles = [...carriedOut.troubles, ...(turn.kind === 'Now' ? [] : [turn.message])];
  return reportOf(input, wish, { round: asReadLast(round, live), planned, decided, steps, ...carriedOut, troubles });
}

/** The round with the site as it was read last: what has moved on it meanwhile has moved. */
function asReadLast(round: Round, live: LiveFacts | 'Failed' | undefined): Round {
  return live === undefined || live === 'Failed'
    ? round
    : { ...round, siteFacts: { ...round.siteFacts, site: live.site } };
}

const NOTHING = { happenings: [], troubles: [], againAfterMs: Number.POSITIVE_INFINITY };

/** What is done in Azure, and the claim on the site. Points and groups are moved by their own controllers, which read the plan in the status. */
async function carryOut(
  input: DeploymentsInput,
  round: Round,
  actions: readonly Action[],
): Promise<Pick<PlannedRound, 'happenings' | 'troubles' | 'againAfterMs'>> {
  const happenings: Happening[] = [];
  const troubles: string[] = [];
  let againAfterMs = Number.POSITIVE_INFINITY;
  for (const action of actions) {
    if (action.kind === 'Stop') {
      const refusal = await stopDeployment(input, round, action.deployment);
      troubles.push(...(refusal === undefined ? [] : [refusal]));
      againAfterMs = Math.min(againAfterMs, STOP_POLL_MS);
    } else if (action.kind === 'Delete' && action.by === 'Azure') {
      const outcome = await deleteDeployment(input, round, action.deployment);
      happenings.push(...outcome.happenings);
      troubles.push(...outcome.messages);
      againAfterMs = Math.min(againAfterMs, outcome.againAfterMs);
    } else if (action.kind === 'TakeClaim' || action.kind === 'ReleaseClaim') {
      await changeClaim(input, action);
      againAfterMs = Math.min(againAfterMs, CLAIM_LOOK_MS);
    } else if (action.kind === 'CountClients') {
      input.countClients(action, 'Successor');
    }
  }
  const questions = actions.flatMap(contentQuestions);
  if (questions.length > 0) {
    input.askForContent(questions);
  }
  return { happenings, troubles, againAfterMs };
}

function contentQuestions(action: Action): readonly ContentQuestion[] {
  switch (action.kind) {
    case 'CompareContent':
      return action.from.map((from) => ({ kind: 'Compare', from, to: action.to }));
    case 'ReadContent':
      return [{ ...action, kind: 'Read' }];
    case 'CheckContent':
      return [{ ...action, kind: 'Check' }];
    default:
      return [];
  }
}

/** How soon it is looked whether a gateway has stopped. */
const STOP_POLL_MS = 60_000;

/** How soon it is looked who has the claim: the cache has it within moments. */
const CLAIM_LOOK_MS = 1000;
