import { describe, expect, test } from 'vitest';
import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import {
  bothServe,
  cmgWith,
  type Decision,
  DRAINING,
  handOverWorld,
  IN_REACH,
  NEW,
  NEW_ID,
  NEW_SERVES,
  nobodyIsCutOff,
  OLD,
  OLD_ID,
  OLD_SERVES,
  served,
  serverOf,
} from './hand-over.test-world.ts';
import { conditionOf, deletedCmg, leavingCmg, serviceRecord } from './site.test-world.ts';

const [CP01, CP02, SPARE] = ['cp01', 'cp02', 'spare'].map(serverOf) as [string, string, string];

describe.each([false, true])(
  'a hand-over in which the status of every round is lost once: %s',
  (losesEveryStatusOnce) => {
    test('goes in its order, each step when the CMG says so', async () => {
      const world = await served({ losesEveryStatusOnce });
      const guard = nobodyIsCutOff(world);
      const { points, reference } = world;

      // The new one is being built, and the site has no record of it.
      world.decide({
        old: { phase: 'Active', connectionPoints: ['cp01', 'cp02'], inBoundaryGroups: true },
        new: { phase: 'Provisioning', served: false, connectionPoints: ['spare'], inBoundaryGroups: false },
      });
      expect(await world.settle(guard)).toEqual([]);
      expect(points.spare.message('Linked')).toContain(`no usable record of the gateway ${NEW}`);

      world.site.records.push(serviceRecord(NEW, 2));
      expect(await world.settle(guard)).toEqual(['AddConnectionPoint']);
      expect(world.links()).toEqual({ [CP01]: OLD, [CP02]: OLD, [SPARE]: NEW });
      expect(points.spare.object.status).toMatchObject({ deployment: NEW_ID, serviceName: NEW, installed: true });
      expect(await points.spare.round()).toMatchObject({
        Linked: 'True Succeeded',
        Connected: 'True Succeeded',
        Ready: 'True Succeeded',
      });

      world.decide({ old: { ...OLD_SERVES, phase: 'Active' }, new: NEW_SERVES });
      expect(await world.settle(guard)).toEqual(['AddBoundaryGroupMember']);
      expect(world.members()).toEqual([OLD, NEW]);
      expect(reference.message('Associated')).toContain(`references the gateways ${OLD} and ${NEW}`);

      // Clients learn the new name, and the new one is the active one from here on.
      world.decide({ old: OLD_SERVES, new: NEW_SERVES }, NEW_ID);
      expect(await world.settle(guard)).toEqual([]);

      world.decide({ old: DRAINING, new: NEW_SERVES }, NEW_ID);
      expect(await world.settle(guard)).toEqual(['RemoveBoundaryGroupMember']);
      expect(world.members()).toEqual([NEW]);

      world.decide(
        {
          old: { ...DRAINING, connectionPoints: ['cp02'] },
          new: { ...NEW_SERVES, connectionPoints: ['spare', 'cp01'] },
        },
        NEW_ID,
      );
      expect(await world.settle(guard)).toEqual(['LinkConnectionPoint']);
      expect(world.links()).toEqual({ [CP01]: NEW, [CP02]: OLD, [SPARE]: NEW });
      expect(points.cp01.object.status).toMatchObject({ deployment: NEW_ID, serviceName: NEW });

      // The last one too, as the old one hands over.
      const all = { ...NEW_SERVES, connectionPoints: ['spare', 'cp01', 'cp02'] };
      world.decide({ old: { ...DRAINING, connectionPoints: [] }, new: all }, NEW_ID);
      expect(await world.settle(guard)).toEqual(['LinkConnectionPoint']);

      const primaries = { ...NEW_SERVES, connectionPoints: ['cp01', 'cp02'] };
      world.decide({ old: { ...DRAINING, connectionPoints: [] }, new: primaries }, NEW_ID);
      expect(await world.settle(guard)).toEqual(['RemoveConnectionPoint']);
      expect(world.links()).toEqual({ [CP01]: NEW, [CP02]: NEW });

      world.decide(
        { old: { phase: 'Deleting', connectionPoints: [], inBoundaryGroups: false }, new: primaries },
        NEW_ID,
      );
      expect(await world.settle(guard)).toEqual([]);
      world.site.records.shift();
      world.decide({ new: { phase: 'Active' } }, NEW_ID);
      expect(await world.settle(guard)).toEqual([]);
      for (const each of [points.cp01, points.cp02, points.spare, reference]) {
        expect(await each.round()).toMatchObject({ Ready: 'True Succeeded' });
      }
      expect(points.spare.message('Ready')).toContain('stands by');
    });

    test('is turned back in the middle', async () => {
      const world = await bothServe({ losesEveryStatusOnce });
      world.decide(
        {
          old: { ...DRAINING, connectionPoints: ['cp02'] },
          new: { ...NEW_SERVES, connectionPoints: ['spare', 'cp01'] },
        },
        NEW_ID,
      );
      await world.settle();
      expect([world.links(), world.members()]).toEqual([{ [CP01]: NEW, [CP02]: OLD, [SPARE]: NEW }, [NEW]]);

      // The spec asks for the old one again, which gets back what it gave away; the new one serves on meanwhile.
      const oldAgain: Decision = { ...OLD_SERVES, phase: 'Active', advertised: IN_REACH };
      const guard = nobodyIsCutOff(world);
      world.decide({ old: { ...oldAgain }, new: { ...NEW_SERVES, phase: 'Superseded' } });
      expect((await world.settle()).toSorted()).toEqual(['AddBoundaryGroupMember', 'LinkConnectionPoint']);
      expect([world.links(), world.members()]).toEqual([{ [CP01]: OLD, [CP02]: OLD, [SPARE]: NEW }, [OLD, NEW]]);

      world.decide({
        old: oldAgain,
        new: { phase: 'Draining', drainsBehind: OLD_ID, connectionPoints: [], inBoundaryGroups: false },
      });
      expect((await world.settle(guard)).toSorted()).toEqual(['RemoveBoundaryGroupMember', 'RemoveConnectionPoint']);
      expect([world.links(), world.members()]).toEqual([{ [CP01]: OLD, [CP02]: OLD }, [OLD]]);
    });
  },
);

describe('the last connection point of one of several gateways', () => {
  const takesAll = { ...NEW_SERVES, connectionPoints: ['spare', 'cp01', 'cp02'] };
  const consent = (id: string) => ({ 'configmgr.io/allow-client-outage': id });

  test.each<[string, Decision, Record<string, string>]>([
    ['that serves on', {}, {}],
    ['that serves on, with the consent for another one', {}, consent(NEW_ID)],
    ['of which nobody says that it never served', { served: true }, {}],
  ])('stays with one %s', async (_what, old, annotations) => {
    const world = await bothServe();
    world.decide({ old: { ...OLD_SERVES, ...old, connectionPoints: [] }, new: takesAll }, NEW_ID, annotations);
    expect(await world.settle(nobodyIsCutOff(world))).toEqual(['LinkConnectionPoint']);
    expect(world.links()).toEqual({ [CP01]: NEW, [CP02]: OLD, [SPARE]: NEW });
    expect(await world.points.cp02.round()).toMatchObject({ Stalled: 'True LastConnectionPoint' });
    // kubectl does not set an annotation anew that has another value.
    const isGiven = Object.keys(annotations).length > 0;
    const line = isGiven ? 'allow-client-outage- takes away the consent' : `allow-client-outage=${OLD_ID}`;
    expect(world.points.cp02.message('Linked')).toContain(`configmgr.io/${line}`);
  });

  test.each<[string, Decision, Record<string, string>]>([
    ['with the consent that names it', {}, consent(OLD_ID)],
    ['that has never served', { served: false }, {}],
    ['that drains', { phase: 'Draining', drainsBehind: NEW_ID }, {}],
    ['that is being deleted', { phase: 'Deleting' }, {}],
  ])('goes from one %s', async (_what, old, annotations) => {
    const world = await bothServe();
    world.decide({ old: { ...OLD_SERVES, ...old, connectionPoints: [] }, new: takesAll }, NEW_ID, annotations);
    await world.settle();
    expect(world.links()).toEqual({ [CP01]: NEW, [CP02]: NEW, [SPARE]: NEW });
  });

  test('is not taken with the standby that has it, while the gateway serves', async () => {
    const world = await bothServe();
    world.decide({ old: OLD_SERVES, new: { ...NEW_SERVES, connectionPoints: [] } });
    expect(await world.settle()).toEqual([]);
    expect(await world.points.spare.round()).toMatchObject({ Stalled: 'True LastConnectionPoint' });
    world.decide({ old: OLD_SERVES, new: { ...NEW_SERVES, connectionPoints: [], phase: 'Deleting' } });
    expect(await world.settle()).toContain('RemoveConnectionPoint');
    expect(world.links()).not.toHaveProperty([SPARE]);
  });
});

test('a standby is Ready once it connects to the gateway that it is for', async () => {
  const world = await served();
  world.site.records.push(serviceRecord(NEW, 2));
  world.site.connectedness = 'Disconnected';
  world.decide({ old: OLD_SERVES, new: NEW_SERVES });
  await world.settle();
  expect(await world.points.spare.round()).toMatchObject({ Linked: 'True Succeeded', Ready: 'False Disconnected' });
  world.relink('spare', NEW);
  expect(await world.points.spare.round()).toMatchObject({ Ready: 'True Succeeded' });
});

describe('what a person links by hand', () => {
  test('goes back to the gateway that the CMG has it for', async () => {
    const world = await bothServe();
    world.relink('cp01', NEW);
    expect(await world.settle()).toEqual(['LinkConnectionPoint']);
    expect(world.links()).toEqual({ [CP01]: OLD, [CP02]: OLD, [SPARE]: NEW });
  });

  test('waits where it is the only one of a gateway that may serve', async () => {
    const world = await bothServe();
    world.relink('cp01', NEW);
    world.relink('spare', OLD);
    // The spare can go at once, as the old one keeps cp02; then the new one no longer depends on cp01.
    const bothKeepOne = () => expect(Object.values(world.links())).toEqual(expect.arrayContaining([OLD, NEW]));
    await world.settle(bothKeepOne);
    expect(world.links()).toEqual({ [CP01]: NEW, [CP02]: OLD, [SPARE]: NEW });
    expect(world.points.cp01.message('Linked')).toContain('last connected connection point');
    await world.settle(bothKeepOne);
    expect(world.links()).toEqual({ [CP01]: OLD, [CP02]: OLD, [SPARE]: NEW });
  });

  test('stays, where the CMG says nothing of it', async () => {
    const world = await bothServe();
    world.decide({ old: { ...OLD_SERVES, connectionPoints: ['cp02'] }, new: NEW_SERVES }, NEW_ID);
    world.relink('cp01', NEW);
    expect(await world.settle()).toEqual([]);
    expect(world.points.cp01.object.status).toMatchObject({ deployment: NEW_ID, connected: 'True' });
    expect(await world.points.cp01.round()).toMatchObject({ Ready: 'True Succeeded' });
    world.relink('cp01', 'elsewhere.contoso.com');
    expect(await world.settle()).toEqual([]);
    expect(await world.points.cp01.round()).toMatchObject({ Linked: 'False WaitingForGateway' });
  });

  test('on a standby is used and not uninstalled', async () => {
    const world = await served();
    world.relink('spare', OLD);
    await world.settle();
    world.site.records.push(serviceRecord(NEW, 2));
    world.decide({ old: OLD_SERVES, new: NEW_SERVES });
    await world.settle();
    expect(world.links()).toMatchObject({ [SPARE]: NEW });
    world.decide({ old: OLD_SERVES, new: { ...NEW_SERVES, phase: 'Draining', connectionPoints: [] } });
    expect(await world.settle()).toEqual([]);
    expect(world.links()).toMatchObject({ [SPARE]: NEW });
  });
});

describe('a primary that the CMG has given none of its gateways', () => {
  test('and that is linked to nothing waits', async () => {
    const world = await bothServe();
    world.decide({ old: { ...OLD_SERVES, connectionPoints: ['cp02'] }, new: NEW_SERVES }, NEW_ID);
    world.site.points = world.site.points.filter(({ siteSystem }) => siteSystem !== CP01);
    expect(await world.settle()).toEqual([]);
    expect(world.points.cp01.message('Linked')).toContain('has not said yet');
    world.decide({ old: OLD_SERVES, new: NEW_SERVES }, NEW_ID);
    expect(await world.settle()).toEqual(['AddConnectionPoint']);
  });

  test('leaves one that is being deleted, if the operator installed it', async () => {
    const world = handOverWorld();
    world.relink('cp02', OLD);
    await world.settle();
    expect(world.points.cp02.object.status?.installed).toBe(false);
    world.decide({ old: { phase: 'Deleting' } });
    expect((await world.settle()).toSorted()).toEqual(['RemoveBoundaryGroupMember', 'RemoveConnectionPoint']);
    expect(world.links()).toEqual({ [CP02]: OLD });
    expect(await world.points.cp02.round()).toMatchObject({ Linked: 'False WaitingForGateway' });
    expect(await world.reference.round()).toMatchObject({ Associated: 'False WaitingForGateway' });
  });
});

test('a standby leaves a gateway that is being deleted, although a list still names it', async () => {
  const world = await bothServe();
  world.decide({ old: OLD_SERVES, new: { ...NEW_SERVES, phase: 'Deleting' } });
  expect((await world.settle()).toSorted()).toEqual(['RemoveBoundaryGroupMember', 'RemoveConnectionPoint']);
  expect([world.links(), world.members()]).toEqual([{ [CP01]: OLD, [CP02]: OLD }, [OLD]]);
});

test('nothing is taken away for a CMG that is only observed', async () => {
  const world = await served();
  const cmg = cmgWith({ old: { phase: 'Deleting' } });
  world.cluster.cmgs = [{ ...cmg, spec: { ...cmg.spec, managementPolicy: 'Observe' } }];
  expect(await world.settle()).toEqual([]);
});

describe('a CMG that is suspended while the old gateway hands over', () => {
  const drainingTo = (world: Awaited<ReturnType<typeof served>>) => {
    world.decide(
      {
        old: { ...DRAINING, connectionPoints: ['cp02'] },
        new: { ...NEW_SERVES, connectionPoints: ['spare', 'cp01'] },
      },
      NEW_ID,
    );
    return world.cluster.cmgs;
  };
  const suspended = (cmgs: readonly CMG[]) => cmgs.map((cmg) => ({ ...cmg, spec: { ...cmg.spec, suspend: true } }));

  test('has nothing changed on the site, and all of it when it goes on', async () => {
    const world = await bothServe();
    const before = [world.links(), world.members()];
    const cmgs = drainingTo(world);
    world.cluster.cmgs = suspended(cmgs);
    expect(await world.settle()).toEqual([]);
    expect(await world.points.cp01.round()).toMatchObject({
      Linked: 'False WaitingForCmg',
      Reconciling: 'True WaitingForCmg',
    });
    expect(await world.points.cp02.round()).toMatchObject({ Ready: 'True Succeeded' });
    expect(await world.reference.round()).toMatchObject({ Associated: 'False WaitingForCmg' });
    expect([world.links(), world.members()]).toEqual(before);
    world.cluster.cmgs = [...cmgs];
    await world.settle(nobodyIsCutOff(world));
    expect([world.links(), world.members()]).toEqual([{ [CP01]: NEW, [CP02]: OLD, [SPARE]: NEW }, [NEW]]);
  });

  test('has it so by the API server, whatever the cache says', async () => {
    const world = await bothServe();
    const cmgs = drainingTo(world);
    world.cluster.cached = [...cmgs];
    world.cluster.cmgs = suspended(cmgs);
    expect(await world.settle()).toEqual([]);
  });

  test('has an object of it wait that is deleted, and leaves what a person has done alone', async () => {
    const world = await served();
    world.cluster.cmgs = suspended(world.cluster.cmgs);
    world.site.groups = world.site.groups.map((group) => ({ ...group, members: [] }));
    expect(await world.settle()).toEqual([]);
    expect(await world.points.cp01.removal()).toBe('Remaining');
    expect(world.points.cp01.message('Linked')).toContain('is suspended');
    expect(world.links()).toEqual({ [CP01]: OLD, [CP02]: OLD });
  });
});

test('a standby stays with a gateway that stays in Azure when its CMG goes', async () => {
  const world = await bothServe();
  const { metadata, spec, status } = cmgWith({ new: {} }, NEW_ID);
  const retained: CMG = {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'CMG',
    metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    spec: { ...spec, serviceName: NEW, deletionPolicy: 'Retain' },
    status: { ...status, deployments: [] },
  };
  world.cluster.cmgs = [retained];
  await world.settle();
  expect(world.links()).toMatchObject({ [SPARE]: NEW });
});

test('a primary that others installed leaves a gateway that is being deleted for the one that serves', async () => {
  const world = handOverWorld();
  world.relink('cp02', OLD);
  await world.settle();
  world.site.records.push(serviceRecord(NEW, 2));
  const old: Decision = { phase: 'Deleting', connectionPoints: [], inBoundaryGroups: false };
  world.decide({ old, new: { ...NEW_SERVES, connectionPoints: ['spare'] } }, NEW_ID);
  await world.settle();
  expect(world.links()).toEqual({ [CP02]: NEW, [SPARE]: NEW });
});

describe('what was decided meanwhile', () => {
  test('holds a point back that is about to move', async () => {
    const world = await bothServe();
    world.decide({ old: OLD_SERVES, new: NEW_SERVES }, NEW_ID);
    world.cluster.cached = [
      cmgWith(
        {
          old: { ...DRAINING, connectionPoints: ['cp02'] },
          new: { ...NEW_SERVES, connectionPoints: ['cp01'] },
        },
        NEW_ID,
      ),
    ];
    expect(await world.settle()).toEqual([]);
    expect([world.links(), world.members()]).toEqual([{ [CP01]: OLD, [CP02]: OLD, [SPARE]: NEW }, [OLD, NEW]]);
  });

  test('holds back what the cache lets go of a CMG that is being deleted, and lets it go when it leaves', async () => {
    const world = await served();
    const { cmgs } = world.cluster;
    world.cluster.cached = cmgs.map((cmg) => leavingCmg(cmg));
    world.cluster.cmgs = cmgs.map((cmg) => deletedCmg(cmg));
    expect(await world.settle()).toEqual([]);
    world.cluster.cmgs = world.cluster.cached;
    await world.settle();
    expect([world.links(), world.members()]).toEqual([{}, []]);
  });

  test('holds back the last point of a gateway that is no longer to be deleted', async () => {
    const world = await served();
    const [cmg] = world.cluster.cmgs;
    const other = (decision: Decision) => {
      const made = cmgWith({ new: decision }, NEW_ID);
      return { ...made, metadata: { ...made.metadata, name: 'other', uid: 'uid-other' } };
    };
    const cmgs = cmg === undefined ? [] : [cmg];
    world.site.records.push(serviceRecord(NEW, 2));
    world.relink('cp01', NEW);
    world.cluster.cmgs = [...cmgs, other({ phase: 'Active' })];
    world.cluster.cached = [...cmgs, other({ phase: 'Deleting' })];
    expect(await world.settle()).toEqual([]);
    expect(world.links()).toEqual({ [CP01]: NEW, [CP02]: OLD });
  });

  test('keeps a gateway of another CMG its last point, by whichever of its deployments it is known', async () => {
    const world = await served();
    const [cmg] = world.cluster.cmgs;
    const other = cmgWith({ old: { serviceName: 'before.contoso.com' } as Decision, new: {} }, NEW_ID);
    const renamed = { ...other, metadata: { ...other.metadata, name: 'other', uid: 'uid-other' } };
    world.cluster.cmgs = cmg === undefined ? [] : [cmg, renamed];
    world.site.records.push(serviceRecord('before.contoso.com', 3));
    world.relink('cp01', 'before.contoso.com');
    expect(await world.settle()).toEqual([]);
    expect(await world.points.cp01.round()).toMatchObject({ Linked: 'False LastConnectionPoint' });
    expect(world.points.cp01.message('Linked')).toContain('the CMG gateways/other');
  });
});

test('a record that the site is deleting is linked to nothing', async () => {
  const world = await served();
  world.site.records.push({ ...serviceRecord(NEW, 2), state: { kind: 'Deleting' } });
  world.decide({ old: OLD_SERVES, new: NEW_SERVES });
  expect(await world.settle()).toEqual([]);
  expect(world.points.spare.message('Linked')).toContain('no usable record');
});

test('with several gateways, a record on the site is enough, whatever SiteRegistered says of the CMG', async () => {
  const world = await served();
  world.site.records.push(serviceRecord(NEW, 2));
  const cmg = cmgWith({ old: OLD_SERVES, new: NEW_SERVES });
  const conditions = [conditionOf('SiteRegistered', 'False', 'NotRegisteredOnSite')];
  world.cluster.cmgs = [{ ...cmg, status: { ...cmg.status, conditions } }];
  await world.settle();
  expect(world.links()).toMatchObject({ [SPARE]: NEW });
  expect(world.members()).toEqual([OLD, NEW]);
});

test('ports are those of the VMs of the gateway that a server is linked to', async () => {
  const world = await bothServe();
  const old = { ...OLD_SERVES, instances: { wanted: 2, ready: 2 } };
  world.decide({ old, new: NEW_SERVES });
  await world.settle();
  expect([world.points.cp01, world.points.spare].map(({ object }) => object.status?.ports)).toEqual([
    [10_124, 10_125],
    [443],
  ]);
});
