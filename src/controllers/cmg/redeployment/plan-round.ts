import type { LiveFacts } from '../../../redeployment/observed.ts';
import { type Plan, plan } from '../../../redeployment/planner.ts';
import type { Records } from '../../../redeployment/record.ts';
import { type DeletionTurn, turnToDelete } from './deletion-turn.ts';
import { type Round, readLive } from './observe-all.ts';
import type { DeploymentsInput } from './reconcile.ts';
import { wishOf } from './wish.ts';

/** The plan of a round, and what was asked for it beside what had been observed. */
export interface PlanOfRound {
  readonly planned: Plan;
  /** What was read live; `undefined`: the plan had nothing irreversible in mind. */
  readonly live: LiveFacts | 'Failed' | undefined;
  /** What the fleet brake said of the deletions that it had in mind. */
  readonly turn: DeletionTurn;
}

/**
 * Plans a round from what has been observed. Before something irreversible, it is read live what that rests on, and before a
 * deletion, the fleet brake is asked; with each answer the plan is made anew.
 */
export async function planRound(
  input: DeploymentsInput,
  records: Records,
  round: Pick<Round, 'scopes' | 'observed'>,
): Promise<PlanOfRound> {
  const { scope } = input;
  const wish = wishOf(scope.cmg);
  const now = scope.azure.serverTime.now();
  const first = plan(wish, records, round.observed, now);
  const isToBeConfirmed = first.actions.some(({ kind }) => kind === 'ReadLive');
  const live = isToBeConfirmed ? await readLive(input, round) : undefined;
  const observed = live === undefined ? round.observed : { ...round.observed, live };
  const at = live === undefined ? now : scope.azure.serverTime.now();
  const meant = live === undefined ? first : plan(wish, records, observed, at);
  const turn = await turnToDelete(scope, records, meant.records);
  const planned = turn.kind === 'Now' ? meant : plan(wish, records, { ...observed, mayDeleteGateway: false }, at);
  return { planned, live, turn };
}
