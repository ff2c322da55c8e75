import { describe, expect, test } from 'vitest';
import { toTimestamp } from '../../runtime/conditions.ts';
import {
  bothServe,
  type Decision,
  DRAINING,
  type HandOverWorld,
  IN_REACH,
  NEW,
  NEW_ID,
  NEW_SERVES,
  OLD,
  serverOf,
} from './hand-over.test-world.ts';
import { START } from './site.test-world.ts';

const HOUR = 3_600_000;
const [CP01, CP02, SPARE] = ['cp01', 'cp02', 'spare'].map(serverOf) as [string, string, string];
const AS_IT_WAS = [{ [CP01]: OLD, [CP02]: OLD, [SPARE]: NEW }, [OLD, NEW]];

/** The status says that the old gateway leaves its groups and gives both points away. */
function handingOver(world: HandOverWorld, successor: Decision = {}, old: Decision = {}): void {
  const all = { ...NEW_SERVES, connectionPoints: ['cp01', 'cp02', 'spare'] };
  world.decide({ old: { ...DRAINING, connectionPoints: [], ...old }, new: { ...all, ...successor } }, NEW_ID);
}

const standing = (world: HandOverWorld) => [world.links(), world.members()];

/** So much time goes by before the controllers look. */
function later(world: HandOverWorld, ms: number): void {
  for (const each of [...Object.values(world.points), world.reference]) {
    each.now = START + ms;
  }
}

describe('a gateway that drains keeps what it has, whatever the status says,', () => {
  const { advertised: _none, ...neverSeen } = NEW_SERVES;

  test.each<[string, (world: HandOverWorld) => void]>([
    [
      'while its successor is seen otherwise',
      (world) => handingOver(world, { advertised: { ...IN_REACH, otherwiseSince: toTimestamp(START) } }),
    ],
    [
      'while nobody has looked for an hour',
      (world) => {
        handingOver(world);
        later(world, HOUR);
      },
    ],
    [
      'while it was looked at in what is the future since somebody has set the clock back',
      (world) => handingOver(world, { advertised: { ...IN_REACH, seenAt: toTimestamp(START + HOUR) } }),
    ],
    ['while its successor hands over itself', (world) => handingOver(world, { phase: 'Draining' })],
    ['while it has none', (world) => handingOver(world, {}, { drainsBehind: 'cccccccc' })],
    [
      'while its successor was never seen in reach',
      (world) =>
        world.decide(
          {
            old: { ...DRAINING, connectionPoints: [] },
            new: { ...neverSeen, connectionPoints: ['cp01', 'cp02', 'spare'] },
          },
          NEW_ID,
        ),
    ],
  ])('%s', async (_why, decide) => {
    const world = await bothServe();
    decide(world);
    expect(await world.settle()).toEqual([]);
    expect(standing(world)).toEqual(AS_IT_WAS);
    expect(await world.points.cp01.round()).toMatchObject({ Linked: 'False SuccessorLost' });
    expect(await world.reference.round()).toMatchObject({ Associated: 'False SuccessorLost' });
  });

  test('and hands it over once its successor is seen again', async () => {
    const world = await bothServe();
    handingOver(world);
    later(world, HOUR);
    await world.settle();
    handingOver(world, { advertised: { ...IN_REACH, seenAt: toTimestamp(START + HOUR) } });
    await world.settle();
    expect(standing(world)).toEqual([{ [CP01]: NEW, [CP02]: NEW, [SPARE]: NEW }, [NEW]]);
    expect(await world.points.cp01.round()).toMatchObject({ Linked: 'True Succeeded' });
    expect(await world.reference.round()).toMatchObject({ Associated: 'True Succeeded' });
  });
});

test('a connection point moves to no successor that the site shows without a connected one', async () => {
  const world = await bothServe();
  world.site.points = world.site.points.map((each) =>
    each.serviceName === NEW ? { ...each, connectedness: 'Disconnected' as const } : each,
  );
  handingOver(world);
  await world.settle();
  expect(world.links()).toEqual(AS_IT_WAS[0]);
  world.relink('spare', NEW);
  await world.settle();
  expect(world.links()).toEqual({ [CP01]: NEW, [CP02]: NEW, [SPARE]: NEW });
});

test('whoever deletes the last connection point of a gateway whose successor is lost has to consent', async () => {
  const world = await bothServe();
  handingOver(world, { advertised: { ...IN_REACH, otherwiseSince: toTimestamp(START) } });
  world.site.points = world.site.points.filter(({ siteSystem }) => siteSystem !== CP02);
  expect(await world.points.cp01.removal()).toBe('Remaining');
  expect(world.points.cp01.message('Linked')).toContain('last connected connection point');
  expect(world.links()).toMatchObject({ [CP01]: OLD });
});
