import { expect, test } from 'vitest';
import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import { bothServe, cmgWith, NEW, NEW_SERVES, OLD, OLD_SERVES, serverOf } from './hand-over.test-world.ts';

/** The CMG is deleted, whose old gateway the site made; 0: before the CMG asked for any. */
function deleted(wantedOrder: number): CMG {
  const { metadata, spec, status, ...rest } = cmgWith({ old: OLD_SERVES, new: NEW_SERVES });
  const deployments = status?.deployments?.map((each) =>
    each.serviceName === OLD
      ? { ...each, wantedOrder, identity: { ...each.identity, provisioner: 'Site' as const } }
      : each,
  );
  return {
    ...rest,
    metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    spec: { ...spec, deletionPolicy: 'Delete', deletionProtection: false },
    status: { ...status, leavingSince: '2026-01-01T00:00:00Z', ...(deployments === undefined ? {} : { deployments }) },
  };
}

test('a gateway that was there before keeps its connection points and groups when the CMG is deleted', async () => {
  const world = await bothServe();
  expect([world.links(), world.members()]).toEqual([
    { [serverOf('cp01')]: OLD, [serverOf('cp02')]: OLD, [serverOf('spare')]: NEW },
    [OLD, NEW],
  ]);
  world.cluster.cmgs = [deleted(0)];
  expect((await world.settle()).toSorted()).toEqual(['RemoveBoundaryGroupMember', 'RemoveConnectionPoint']);
  expect([world.links(), world.members()]).toEqual([{ [serverOf('cp01')]: OLD, [serverOf('cp02')]: OLD }, [OLD]]);
});

test('one that the CMG asked the site for is taken out of them, as one that the operator made', async () => {
  const world = await bothServe();
  world.cluster.cmgs = [deleted(1)];
  await world.settle();
  expect([world.links(), world.members()]).toEqual([{}, []]);
});
