import { describe, expect, it } from 'vitest';
import type { ContentReading, Observed } from '../../src/redeployment/observed.ts';
import type { HeldContent, HeldItem, Records } from '../../src/redeployment/record.ts';
import {
  asItIs,
  type Change,
  edited,
  LACKING,
  planIn,
  recorded,
  seen,
  withConsents,
  withoutContent,
  worldWith,
} from './planned-world.ts';
import { cmgAt, SETTLED, type World } from './world.ts';

const SAME_NAME = worldWith('settled, after edit, same prefix of 0', 'Active');
const NAME = cmgAt(SAME_NAME, 0).records.deployments[0]?.serviceName ?? '';
/** The claim is there: nothing but content is in the way of the deletion. */
const CLAIMED: World = { ...SAME_NAME, claim: { claimant: 'contoso/one', carrier: 'contoso/two' } };

const item = (number: number): HeldItem => ({
  packageId: `PS10000${number}`,
  name: `Package ${number}`,
  kind: 'Package',
});
const ITEMS = [item(1), item(2)];
const READ: ContentReading = { kind: 'Read', held: 2, items: ITEMS };
const LIST: HeldContent = { deployment: 'd1', serviceName: NAME, held: 2, items: ITEMS };

/** What the site has shown of the gateway that goes. */
const reading =
  (of: ContentReading): Change =>
  (observed) => ({ ...observed, contentReadings: [{ deployment: 'd1', reading: of }] });
const unread: Change = ({ contentReadings: _none, ...observed }) => observed;
const both =
  (...changes: readonly Change[]): Change =>
  (observed) =>
    changes.reduce((changed, change) => change(changed), observed);
const consented =
  (deployment: string): Change =>
  (observed) =>
    withConsents(observed, [{ kind: 'ConfirmRetire', deployment }]);
const first = (records: Records) => records.deployments[0];
const kinds = ({ actions }: ReturnType<typeof planIn>) => actions.map(({ kind }) => kind);

describe('a gateway that is deleted before the next one is there', () => {
  it('is read first, and kept until it has been', () => {
    const planned = planIn(CLAIMED, unread);
    expect(first(planned.records)?.announced).toBeUndefined();
    expect(planned.records.heldContent).toBeUndefined();
    expect(planned.actions).toContainEqual({ kind: 'ReadContent', deployment: 'd1', serviceName: NAME });
    expect(kinds(planned)).not.toContain('ReleaseClaim');
    expect(planned.conditions).toEqual([
      {
        reason: 'WaitingForContent',
        deployment: 'd1',
        message: `${NAME} has to be deleted before ${NAME} is built, and what it holds of packages and applications is read first, as nobody can once it is gone.`,
      },
    ]);
  });

  it('is read before anybody is asked to carry its clients', () => {
    expect(kinds(planIn(SAME_NAME, unread))).not.toContain('TakeClaim');
    expect(kinds(planIn(SAME_NAME, reading(READ)))).toContain('TakeClaim');
  });

  it('may go once what it holds is remembered, and its list is of what was read last', () => {
    const { records } = planIn(CLAIMED, reading(READ));
    expect(first(records)?.announced).toBe('DeleteFirst');
    expect(records.heldContent).toEqual([LIST]);
    const again = planIn(CLAIMED, reading(READ), records).records;
    expect(again.heldContent).toBe(records.heldContent);
    const more = planIn(CLAIMED, reading({ kind: 'Read', held: 3, items: [...ITEMS, item(3)] }), records).records;
    expect(more.heldContent).toEqual([{ ...LIST, held: 3, items: [...ITEMS, item(3)] }]);
  });

  it('waits for a person when it cannot be read, who may do without', () => {
    const failed = reading({ kind: 'Unknown', failure: 'The site says no.' });
    const planned = planIn(CLAIMED, failed);
    expect(first(planned.records)?.announced).toBeUndefined();
    expect(planned.conditions).toMatchObject([
      {
        reason: 'ContentNotDistributed',
        message: expect.stringMatching(/It cannot be: The site says no\. .* configmgr\.io\/confirm-retire=d1$/),
      },
    ]);
    const announced = (deployment: string) =>
      first(planIn(CLAIMED, both(failed, consented(deployment)), planned.records).records)?.announced;
    expect([announced('d1'), announced('d9')]).toEqual(['DeleteFirst', undefined]);
  });

  it('is not read where no content is served, and leaves no list when it holds nothing', () => {
    const without = planIn(CLAIMED, both(unread, withoutContent));
    expect(first(without.records)?.announced).toBe('DeleteFirst');
    expect(kinds(without)).not.toContain('ReadContent');
    const empty = planIn(CLAIMED, reading({ kind: 'Read', held: 0, items: [] })).records;
    expect([first(empty)?.announced, empty.heldContent]).toEqual(['DeleteFirst', undefined]);
  });

  it('keeps its list when the site has let go of it before it has gone, as when a person deletes it', () => {
    const { records } = planIn(CLAIMED, reading(READ));
    const gone = planIn(CLAIMED, reading({ kind: 'Gone' }), records).records;
    expect(gone.heldContent).toBe(records.heldContent);
    expect(first(planIn(CLAIMED, reading({ kind: 'Gone' })).records)?.announced).toBe('DeleteFirst');
  });

  it('is not kept by an operator that begins anew after the deletion was decided', () => {
    const decided: Records = {
      ...recorded(cmgAt(CLAIMED, 0).records, 'd1', { stage: { phase: 'Deleting', because: 'DeleteFirst' } }),
      heldContent: [LIST],
    };
    expect(first(planIn(CLAIMED, unread, decided).records)?.stage.phase).toBe('Deleting');
    expect(planIn(CLAIMED, unread, decided).records.heldContent).toEqual([LIST]);
    const { heldContent: _nothingHeld, ...without } = decided;
    expect(first(planIn(CLAIMED, unread, without).records)?.stage.phase).toBe('Deleting');
  });

  it('has a person write down what is not remembered, before it goes', () => {
    const { conditions } = planIn(
      { ...SAME_NAME, claim: { claimant: 'contoso/three', carrier: 'contoso/two' } },
      reading({ ...READ, held: 57 }),
    );
    expect(conditions).toMatchObject([
      {
        reason: 'OutageClaimTaken',
        message: expect.stringContaining(`${NAME} holds 57 packages and applications, and 2 of them are remembered:`),
      },
    ]);
  });

  it('has no list any more when it stays after all', () => {
    const records: Records = { ...cmgAt(SETTLED, 0).records, heldContent: [LIST] };
    expect(planIn(SETTLED, asItIs, records).records.heldContent).toBeUndefined();
  });
});

describe('what a gateway held that is gone', () => {
  /** The one gateway that there is has taken the place of `d0`. */
  const GONE: HeldContent = { ...LIST, deployment: 'd0' };
  const comparedTo = (
    standing: NonNullable<Observed['content']>[number]['standing'] | undefined,
    more: Change = asItIs,
  ) => {
    const records: Records = { ...cmgAt(SETTLED, 0).records, heldContent: [GONE] };
    const compared: Change = (observed) => ({
      ...observed,
      content: standing === undefined ? [] : [{ from: NAME, to: NAME, gone: 'd0', standing }],
    });
    return planIn(SETTLED, both(compared, more), records);
  };

  it('is compared with what there is, as soon as the site has its record', () => {
    const planned = comparedTo(undefined);
    expect(planned.actions).toContainEqual({ kind: 'CheckContent', held: GONE, to: NAME });
    expect(planned.conditions).toMatchObject([
      { reason: 'WaitingForContent', deployment: 'd0', message: expect.stringContaining('is being compared') },
    ]);
    const unrecorded = comparedTo(undefined, seen('d1', { siteRecord: 'No' }));
    expect(kinds(unrecorded)).not.toContain('CheckContent');
    expect(unrecorded.records.heldContent).toEqual([GONE]);
  });

  it('is told as long as it is missing, by whose steps it is distributed and by which line it is let go', () => {
    expect(comparedTo(LACKING).conditions).toEqual([
      {
        reason: 'ContentNotDistributed',
        deployment: 'd0',
        message: `${NAME} lacks 4 of the 5 packages and applications that the gateway held that was deleted before it: One, Two, Three and others. status.manualSteps says how to distribute them. Nothing waits for it. To let it be: kubectl annotate --namespace contoso cmg one configmgr.io/confirm-retire=d0`,
      },
    ]);
    expect(comparedTo({ ...LACKING, underWay: 4 }).conditions[0]?.reason).toBe('WaitingForContent');
    expect(comparedTo({ kind: 'Unknown', failure: 'The site says no.' }).conditions).toMatchObject([
      { reason: 'ContentNotDistributed', message: expect.stringContaining('is not known: The site says no.') },
    ]);
  });

  it('is told whatever the clock and the certificate say, and not while the gateway is stopped', () => {
    const told = (change: Change) => comparedTo(LACKING, change).conditions.map(({ reason }) => reason);
    expect(told((observed) => ({ ...observed, localTime: 0 }))).toContain('ContentNotDistributed');
    expect(told((observed) => ({ ...observed, certificateReadable: false }))).toContain('ContentNotDistributed');
    const stopped = edited(SETTLED, { stopped: true });
    const records: Records = { ...cmgAt(SETTLED, 0).records, heldContent: [GONE] };
    const planned = planIn(stopped, (observed) => ({ ...observed, content: [] }), records);
    expect([planned.conditions, kinds(planned).includes('CheckContent')]).toEqual([[], false]);
    expect(planned.records.heldContent).toEqual([GONE]);
  });

  it('holds back nothing', () => {
    const records: Records = { ...cmgAt(SETTLED, 0).records, heldContent: [GONE] };
    expect(planIn(edited(SETTLED, { wish: 1 }), unread, records).records.deployments).toHaveLength(2);
  });

  it('is forgotten once it is there, let go by a word, or not to be served', () => {
    const lists = (planned: ReturnType<typeof planIn>) => planned.records.heldContent;
    expect(lists(comparedTo(LACKING))).toEqual([GONE]);
    expect(lists(comparedTo({ kind: 'Complete', held: 2 }))).toBeUndefined();
    expect(lists(comparedTo(LACKING, consented('d0')))).toBeUndefined();
    expect(lists(comparedTo(LACKING, consented('d1')))).toEqual([GONE]);
    expect(lists(comparedTo(LACKING, withoutContent))).toBeUndefined();
  });

  it('stays beside what the next one holds that goes first, and gives way to what a third one holds', () => {
    const remembering = (...ids: readonly string[]): Records => ({
      ...cmgAt(CLAIMED, 0).records,
      heldContent: ids.map((deployment) => ({ ...LIST, deployment })),
    });
    const remembered = (records: Records) =>
      planIn(CLAIMED, reading(READ), records).records.heldContent?.map(({ deployment }) => deployment);
    expect(remembered(remembering('d0'))).toEqual(['d0', 'd1']);
    expect(remembered(remembering('da', 'db'))).toEqual(['db', 'd1']);
  });
});
