import type { GatewayWish, Observed } from '../../src/redeployment/observed.ts';
import { createPlanner, type Planner } from '../../src/redeployment/planner.ts';
import type { DeploymentRecord } from '../../src/redeployment/record.ts';
import { RULES, type Rules } from '../../src/redeployment/rules.ts';
import { mayCarry } from '../../src/redeployment/same-prefix.ts';
import { factsOf } from '../../src/redeployment/situation.ts';
import { isOwnershipLost } from '../../src/redeployment/words.ts';
import type { Violation } from './invariants.ts';
import type { ScopeName } from './scopes.ts';
import { SECOND_LOOK_MUTANTS } from './second-look-mutants.ts';

/** A planner with one wrong judgement, or one that does not see or hear something. */
export interface Mutant {
  /** Number of the rule of the design that it breaks. */
  readonly rule: number;
  readonly what: string;
  /** What it violates. */
  readonly caughtBy: Violation['invariant'];
  /** How what is seen of it ends. Default: anyhow. */
  readonly tells?: string;
  readonly rules?: Partial<Rules>;
  /** What it takes what is seen for. */
  readonly sees?: (observed: Observed) => Observed;
  /** What it takes the spec for. */
  readonly hears?: (wish: GatewayWish) => GatewayWish;
  /** The part of the bounded model in which it is caught. Default: `disturbances`. */
  readonly scope?: ScopeName;
}

/** Judgements of which one that is wrong makes no difference, and why. */
export const WITHOUT_DIFFERENCE: Readonly<Partial<Record<keyof Rules, string>>> = {
  isSuccessorInGroup:
    'A successor that is in reach of every client is in every group; what comes of one that is not, `boundary-groups.test.ts` shows.',
};

/** At least one for each rule. */
export const MUTANTS: readonly Mutant[] = [
  {
    rule: 1,
    what: 'makes a gateway while another one holds its names',
    caughtBy: 'c',
    rules: { judgeCreation: (situation, _names) => RULES.judgeCreation(situation, { kind: 'Free' }) },
  },
  {
    rule: 1,
    what: 'makes a gateway for which there is no connection point',
    caughtBy: 'rule 1',
    rules: { couldBeGivenPoint: () => true },
  },
  {
    rule: 1,
    what: 'takes a gateway of the same name in another place for the one that is wanted',
    // It makes the wanted one of it.
    caughtBy: 'rule 9',
    rules: {
      wantedOf: ({ records, wish }) =>
        records.deployments.find(
          ({ stage, serviceName }) => stage.phase !== 'Deleting' && serviceName === wish.serviceName,
        ),
    },
  },
  {
    rule: 2,
    what: 'takes everything for something that never served',
    caughtBy: 'a',
    rules: { isKnownNeverServed: () => true },
  },
  {
    rule: 2,
    what: 'takes a gateway that serves for one that never served, where there is no site to ask',
    caughtBy: 'a',
    rules: {
      isKnownNeverServed: (situation, record) => {
        const observed = { ...situation.observed, site: { kind: 'Read' as const, points: [], groups: [] } };
        return RULES.isKnownNeverServed({ ...situation, observed }, record);
      },
    },
    scope: 'disturbancesAlone',
  },
  {
    rule: 3,
    what: 'waits for no time',
    caughtBy: 'rule 3',
    rules: { hasWaited: (situation, record) => factsOf(situation, record).advertised === 'Yes' },
  },
  { rule: 3, what: 'waits for no clients', caughtBy: 'rule 3', rules: { isGateOpen: () => true } },
  { rule: 3, what: 'waits for no content', caughtBy: 'rule 3', rules: { isContentThere: () => true } },
  {
    rule: 3,
    what: 'takes content that cannot be read for content that is there',
    caughtBy: 'rule 3',
    rules: {
      isContentThere: (situation, record, successor) => {
        const { content } = situation.observed;
        const isUnknown = content?.some(
          ({ to, standing }) => to === successor.serviceName && standing.kind === 'Unknown',
        );
        return isUnknown === true || RULES.isContentThere(situation, record, successor);
      },
    },
  },
  {
    rule: 3,
    what: 'takes the lack of a site for evidence of clients',
    caughtBy: 'rule 3',
    rules: {
      isGateOpen: (situation, record) => situation.observed.site.kind === 'None' || RULES.isGateOpen(situation, record),
    },
    scope: 'disturbancesAlone',
  },
  {
    rule: 3,
    what: 'does not see that a service name does not resolve',
    // It waits for clients that cannot come, and nobody is told why.
    caughtBy: 'e',
    sees: (observed) => ({
      ...observed,
      deployments: observed.deployments.map((each) => ({ ...each, resolves: 'Yes' })),
    }),
  },
  {
    rule: 3,
    what: 'takes a deployment that was wanted less recently for a successor',
    caughtBy: 'f',
    rules: {
      drainsBehind: (situation, record, { open }) =>
        open === undefined || open.id === record.id || !RULES.isContentThere(situation, record, open)
          ? undefined
          : open,
    },
  },
  {
    rule: 3,
    what: 'drains on when its successor is lost',
    caughtBy: 'a',
    rules: {
      stillBehind: (situation, record) =>
        situation.records.deployments.find(({ id }) => record.stage.phase === 'Draining' && id === record.stage.behind),
    },
  },
  { rule: 3, what: 'deletes what has not drained', caughtBy: 'b', rules: { isDrained: () => true } },
  {
    rule: 4,
    what: 'does not come back to a deployment that drains',
    caughtBy: 'f',
    rules: {
      settleWanted: (situation, record) =>
        record.stage.phase === 'Draining' ? record : RULES.settleWanted(situation, record),
    },
  },
  {
    rule: 4,
    what: 'does not begin the wait anew for a reverted name',
    // The other one then drains after too short a wait, which rule 3 forbids.
    caughtBy: 'rule 3',
    rules: {
      noteWish: (situation) => {
        const noted = RULES.noteWish(situation);
        const before = new Map(situation.records.deployments.map((record) => [record.id, record.wantedSince]));
        return {
          ...noted,
          deployments: noted.deployments.map((record) => ({
            ...record,
            wantedSince: before.get(record.id) ?? record.wantedSince,
          })),
        };
      },
    },
  },
  {
    rule: 4,
    what: 'comes back to what drains and has lost its scale set',
    caughtBy: 'rule 4',
    rules: {
      wantedOf: (situation) => RULES.wantedOf({ ...situation, rules: { ...situation.rules, isGone: () => false } }),
    },
    scope: 'losses',
  },
  {
    rule: 5,
    what: 'takes a gateway for a member of boundary groups that it is not in',
    // It never joins them, and waits for its being in reach of clients.
    caughtBy: 'e',
    sees: inEveryGroup,
  },
  {
    rule: 5,
    what: 'takes the last connection point of a gateway that serves',
    caughtBy: 'a',
    rules: { mayGivePoint: () => true },
  },
  {
    rule: 5,
    what: 'points connection points at what is not marked as served',
    // With tags that nobody takes up, as nothing else makes a difference of the mark: the forgotten gateway is seen first.
    caughtBy: 'rule 1',
    rules: { isMarkedServed: () => true, recall: ({ records }) => records.deployments },
  },
  {
    rule: 6,
    what: 'deletes first beside another one that will let it retire',
    caughtBy: 'rule 6',
    rules: { mayBeSucceeded: () => false },
  },
  { rule: 6, what: 'takes any CMG for a carrier', caughtBy: 'a', rules: { mayCarry: () => true } },
  {
    rule: 6,
    what: 'takes a CMG for a carrier that was just made',
    caughtBy: 'a',
    rules: { mayCarry: (facts) => mayCarry({ ...facts, advertisedFor: facts.minimumWait, gateOpen: true }) },
  },
  { rule: 6, what: 'never gives the claim back', caughtBy: 'f', rules: { hasServedItsWait: () => false } },
  {
    rule: 6,
    what: 'deletes first what nobody has read',
    caughtBy: 'rule 6',
    rules: { unreadContent: () => undefined },
  },
  {
    rule: 6,
    what: 'forgets what a gateway held as soon as it is gone',
    caughtBy: 'rule 6',
    rules: {
      noteHeldContent: (situation, names) => {
        const { heldContent = [], ...records } = RULES.noteHeldContent(situation, names);
        const left = heldContent.filter(({ deployment }) => records.deployments.some(({ id }) => id === deployment));
        return left.length === 0 ? records : { ...records, heldContent: left };
      },
    },
  },
  {
    rule: 6,
    what: 'remembers for ever what a gateway held',
    caughtBy: 'f',
    rules: {
      noteHeldContent: (situation, names) => {
        const { heldContent } = situation.records;
        const records = RULES.noteHeldContent(situation, names);
        return records.heldContent === undefined && heldContent !== undefined ? { ...records, heldContent } : records;
      },
    },
  },
  ...SECOND_LOOK_MUTANTS,
  {
    rule: 8,
    what: 'counts the time of a gap',
    // A time that does not count makes the wait of rule 3 too short.
    caughtBy: 'rule 3',
    rules: {
      creditTime: (situation) =>
        RULES.creditTime(situation).map((record, at) => {
          const run = situation.records.deployments[at]?.run;
          return run === undefined || record.run === undefined
            ? record
            : { ...record, run: { ...record.run, since: run.since } };
        }),
    },
  },
  {
    rule: 8,
    what: 'counts the time in which the CMG is only observed',
    caughtBy: 'rule 3',
    rules: {
      creditTime: (situation) =>
        RULES.creditTime({ ...situation, wish: { ...situation.wish, management: 'Manage' as const } }),
    },
    scope: 'decisionsAlone',
  },
  {
    rule: 8,
    what: 'goes on while the CMG is only observed',
    caughtBy: 'managementPolicy',
    hears: (wish) => ({ ...wish, management: 'Manage' }),
  },
  {
    rule: 8,
    what: 'goes on while the CMG is suspended',
    caughtBy: 'managementPolicy',
    hears: (wish) => ({ ...wish, suspended: false }),
  },
  { rule: 9, what: 'keeps what is gone', caughtBy: 'f', rules: { isGone: () => false } },
  {
    rule: 9,
    what: 'makes what is not wanted what the spec says',
    caughtBy: 'rule 9',
    rules: { mannerOfUpkeep: () => 'AsDeclared' },
  },
  {
    rule: 10,
    what: 'lets go of the CMG and leaves its gateways',
    caughtBy: 'rule 10',
    rules: { removalRecords: ({ records }) => ({ ...records, deployments: [] }) },
  },
  {
    rule: 10,
    what: 'deletes what is to be retained',
    caughtBy: 'deletionPolicy',
    hears: ({ deletion, ...wish }) => (deletion === undefined ? wish : { ...wish, deletion: 'Delete' }),
  },
  {
    rule: 10,
    what: 'deletes the gateways of a CMG that is only observed',
    caughtBy: 'deletionPolicy',
    hears: (wish) => (wish.deletion === undefined ? wish : { ...wish, management: 'Manage' }),
    scope: 'decisionsAlone',
  },
  {
    rule: 10,
    what: 'deletes more gateways than the hour has room for',
    caughtBy: 'rule 10',
    rules: { isWithinBudget: () => true },
  },
  { rule: 10, what: 'forgets what is still named on the site', caughtBy: 'rule 9', rules: { isDetached: () => true } },
  {
    rule: 11,
    what: 'takes off its site what has lost its tags',
    caughtBy: 'rule 11',
    rules: {
      removalRecords: (situation) => {
        const records = RULES.removalRecords(situation);
        const deployments = records.deployments.map(
          (record): DeploymentRecord =>
            isOwnershipLost(situation, record)
              ? { ...record, stage: { phase: 'Deleting', because: 'CmgDeleted' } }
              : record,
        );
        return { ...records, deployments };
      },
    },
    scope: 'faultsAlone',
  },
  {
    rule: 11,
    what: 'does not take up what it has forgotten',
    // Beside what it has forgotten it makes another one, which rule 1 forbids without a free connection point.
    caughtBy: 'rule 1',
    rules: { recall: ({ records }) => records.deployments },
  },
  {
    rule: 11,
    what: 'takes every record for one that never served once its status is lost',
    caughtBy: 'a',
    rules: {
      recall: (situation) =>
        RULES.recall(situation).map((record) =>
          situation.records.deployments.length === 0 ? { ...record, served: 'No' as const } : record,
        ),
      isKnownNeverServed: (_situation, { served }) => served === 'No',
    },
  },
];

/** Every gateway of the CMG that carries its tags, in all of its groups. */
function inEveryGroup(observed: Observed): Observed {
  const { site, deployments } = observed;
  const names = deployments.flatMap(({ mark }) => (mark.kind === 'Read' ? [mark.mark.serviceName] : []));
  return site.kind === 'Read'
    ? { ...observed, site: { ...site, groups: site.groups.map((group) => ({ ...group, members: names })) } }
    : observed;
}

/** The planner of a mutant. */
export function plannerOf({ rules, sees, hears }: Mutant): Planner {
  const planner = createPlanner({ ...RULES, ...rules });
  return (wish, records, observed, now) => planner(hears?.(wish) ?? wish, records, sees?.(observed) ?? observed, now);
}
