import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ClusterClaim, CONTEST_MS, judgeClusterTag } from './cluster-claim.ts';

const NOW = Date.UTC(2026, 10, 27);
const judge = (tag: string | undefined, claim: ClusterClaim = {}, now = NOW) =>
  judgeClusterTag({ own: 'here', tag, claim, now });

describe('a gateway', () => {
  test('with the tag of this cluster is its own, since it was first seen so', () => {
    expect(judge('here')).toEqual({ kind: 'Ours', claim: { takenAt: NOW } });
    expect(judge('here', { takenAt: 1 })).toEqual({ kind: 'Ours', claim: { takenAt: 1 } });
    expect(judge(undefined, { takenAt: 1 })).toEqual({ kind: 'Ours', claim: { takenAt: 1 } });
  });

  test('of another cluster that was never this one’s is taken over', () => {
    expect(judge('there')).toEqual({ kind: 'TakeOver' });
  });

  test('that was taken from its owner of days is told to be the owner’s, once', () => {
    const takenAt = NOW - CONTEST_MS;
    const first = judge('there', { takenAt });
    expect(first).toEqual({ kind: 'Contested', claim: { takenAt, contestedAt: NOW }, takeBack: true });
    expect(judge('there', { takenAt, contestedAt: NOW }, NOW + 1)).toMatchObject({
      kind: 'Contested',
      takeBack: false,
    });
  });

  test('that was taken back from a newcomer is left by it without a word', () => {
    expect(judge('there', { takenAt: NOW - 1 })).toMatchObject({ kind: 'Contested', takeBack: false });
  });

  test('is left alone for a day after the tag was written back, then looked after again', () => {
    const claim = { takenAt: 1, contestedAt: NOW };
    expect(judge('here', claim, NOW + CONTEST_MS - 1)).toEqual({ kind: 'Contested', claim, takeBack: false });
    expect(judge('here', claim, NOW + CONTEST_MS)).toEqual({ kind: 'Ours', claim: { takenAt: 1 } });
  });
});

interface Cluster {
  readonly name: string;
  claim: ClusterClaim;
  working: boolean;
}

/** What a cluster does when it looks at the tag; returns the tag that it leaves. */
function look(cluster: Cluster, tag: string, now: number): string {
  const verdict = judgeClusterTag({ own: cluster.name, tag, claim: cluster.claim, now });
  cluster.working = verdict.kind !== 'Contested';
  switch (verdict.kind) {
    case 'Ours':
      cluster.claim = verdict.claim;
      return tag;
    case 'TakeOver':
      return cluster.name;
    case 'Contested':
      cluster.claim = verdict.claim;
      return verdict.takeBack ? cluster.name : tag;
  }
}

const HOUR = 3_600_000;

describe('two clusters with one installation id', () => {
  test('find each other out: within two looks of both nobody works, and after a day only the older one does', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 4, maxLength: 60 }), (turns) => {
        const old: Cluster = { name: 'old', claim: { takenAt: 0 }, working: true };
        const young: Cluster = { name: 'young', claim: {}, working: true };
        let tag = 'old';
        let now = 10 * CONTEST_MS;
        const writes: string[] = [];
        const visit = (cluster: Cluster) => {
          const next = look(cluster, tag, now);
          if (next !== tag) writes.push(next);
          tag = next;
        };
        visit(young);
        visit(young);
        for (const turn of turns) {
          now += 1000;
          visit(turn ? old : young);
        }
        visit(old);
        visit(young);
        expect([old.working, young.working]).toEqual([false, false]);
        expect(writes).toEqual(['young', 'old']);
        for (let hour = 0; hour < 48; hour += 1) {
          now += HOUR;
          visit(old);
          visit(young);
          expect(old.working && young.working).toBe(false);
        }
        expect([old.working, young.working]).toEqual([true, false]);
        expect(writes).toEqual(['young', 'old']);
      }),
    );
  });

  test('hand a gateway over without a word when the old one is gone', () => {
    const young: Cluster = { name: 'young', claim: {}, working: true };
    let tag = 'old';
    for (let hour = 0; hour < 100; hour += 1) {
      tag = look(young, tag, NOW + hour * HOUR);
      expect(young.working).toBe(true);
    }
    expect(tag).toBe('young');
  });
});
