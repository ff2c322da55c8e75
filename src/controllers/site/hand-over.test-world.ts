import type { BoundaryGroupReference } from '../../api/v1alpha1/boundarygroupreference.generated.ts';
import type { CMG, CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { ConnectionPoint } from '../../api/v1alpha1/connectionpoint.generated.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import { BY_GROUP, boundaryGroupReferenceProcedure, groupsOf } from '../boundarygroupreference/controller.ts';
import { BY_SITE_SYSTEM, connectionPointProcedure, siteSystemOf } from '../connectionpoint/controller.ts';
import {
  accessTo,
  memorySite,
  metadataOf,
  type Rounds,
  reachedSite,
  roundsOf,
  SERVICE_NAME,
  START,
  serviceRecord,
  servingCmg,
  storeOf,
} from './site.test-world.ts';

/** Names of the two gateways of the CMG. */
export const OLD = SERVICE_NAME;
export const NEW = 'graniteridge.contoso.com';
export const OLD_ID = 'aaaaaaaa';
export const NEW_ID = 'bbbbbbbb';

/** What the planner has decided about one deployment. */
export type Decision = Partial<
  Pick<
    CMGStatusDeployment,
    'phase' | 'served' | 'connectionPoints' | 'inBoundaryGroups' | 'instances' | 'drainsBehind' | 'advertised'
  >
>;

/** A CMG with its old gateway, its new one or both, as its status says. */
export function cmgWith(
  decisions: { readonly old?: Decision; readonly new?: Decision },
  activeDeployment = OLD_ID,
  annotations: Readonly<Record<string, string>> = {},
): CMG {
  const cmg = servingCmg();
  const [record] = cmg.status?.deployments ?? [];
  if (record === undefined) {
    throw new Error('A serving CMG has a deployment.');
  }
  const deployments = [
    ...(decisions.old === undefined ? [] : [{ ...record, ...decisions.old }]),
    ...(decisions.new === undefined ? [] : [{ ...record, id: NEW_ID, serviceName: NEW, ...decisions.new }]),
  ];
  return {
    ...cmg,
    metadata: { ...cmg.metadata, annotations },
    spec: { ...cmg.spec, serviceName: decisions.new === undefined ? OLD : NEW },
    status: { ...cmg.status, activeDeployment, deployments },
  };
}

export function serverOf(name: string): string {
  return `${name}.contoso.com`;
}

const shared = { suspend: false, siteRef: { name: 'ps1' }, cmgRef: { name: 'granitefalls' } } as const;

function pointObject(name: string, role: 'Primary' | 'Standby'): ConnectionPoint {
  return {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'ConnectionPoint',
    metadata: metadataOf(name),
    spec: { ...shared, siteSystem: serverOf(name), role, deletionPolicy: 'Delete' },
  };
}

function referenceObject(): BoundaryGroupReference {
  return {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'BoundaryGroupReference',
    metadata: metadataOf('branch'),
    spec: { ...shared, boundaryGroup: { id: 7 }, connection: 'Fast', deletionPolicy: 'Delete' },
  };
}

/** Two primaries, a standby and a boundary group of one CMG, on one site in memory. */
export function handOverWorld(options: { readonly losesEveryStatusOnce?: boolean } = {}) {
  const site = memorySite();
  site.records = [serviceRecord(OLD)];
  site.groups = [{ id: 7, name: 'Branch offices', preferCloudSources: false, members: [] }];
  const cluster: { cmgs: CMG[]; cached: CMG[] | undefined } = { cmgs: [cmgWith({ old: {} })], cached: undefined };
  const parts = {
    cmgs: storeOf(() => cluster.cached ?? cluster.cmgs),
    sites: storeOf(() => [reachedSite()]),
    live: {
      read: async (key: string) => cluster.cmgs.find(({ metadata }) => key.endsWith(`/${metadata.name}`)),
    },
    access: accessTo(site),
    intervalMs: 600_000,
  };
  const pointRounds = (object: ConnectionPoint): Rounds<ConnectionPoint> =>
    roundsOf(object, (now) =>
      connectionPointProcedure({
        ...parts,
        now,
        points: storeOf(() => Object.values(points).map((each) => each.object), {
          [BY_SITE_SYSTEM]: (each) => [siteSystemOf(each)],
        }),
      }),
    );
  const points: Readonly<Record<'cp01' | 'cp02' | 'spare', Rounds<ConnectionPoint>>> = {
    cp01: pointRounds(pointObject('cp01', 'Primary')),
    cp02: pointRounds(pointObject('cp02', 'Primary')),
    spare: pointRounds(pointObject('spare', 'Standby')),
  };
  const reference: Rounds<BoundaryGroupReference> = roundsOf(referenceObject(), (now) =>
    boundaryGroupReferenceProcedure({
      ...parts,
      now,
      references: storeOf(() => [reference.object], { [BY_GROUP]: groupsOf }),
    }),
  );
  const names = [OLD, NEW];
  const world = {
    site,
    cluster,
    points,
    reference,
    /** Name of the gateway that each server with a role is linked to. */
    links: () => Object.fromEntries(site.points.map(({ siteSystem, serviceName }) => [siteSystem, serviceName])),
    /** Names of the gateways that the group references. */
    members: () =>
      names.filter((name) => site.groups[0]?.members.some(({ nalPath }) => nalPath === serviceRecord(name).nalPath)),
    /** Runs every object until none wants to be looked at again soon, and returns what was written meanwhile. */
    settle: async (afterRound: () => void = () => {}) => {
      const before = site.writes.length;
      const crashes = options.losesEveryStatusOnce === true;
      for (const each of [points.cp01, points.cp02, points.spare]) {
        await settleOne(each, crashes, afterRound);
      }
      await settleOne(reference, crashes, afterRound);
      return site.writes.slice(before);
    },
    /** The planner has decided otherwise. */
    decide: (...decision: Parameters<typeof cmgWith>) => {
      cluster.cmgs = [cmgWith(...decision)];
    },
    /** A person links a server to another gateway. */
    relink: (name: string, serviceName: string) => {
      site.points = [
        ...site.points.filter(({ siteSystem }) => siteSystem !== serverOf(name)),
        { siteSystem: serverOf(name), siteCode: 'PS1', serviceName, connectedness: 'Connected' },
      ];
    },
  };
  return world;
}

async function settleOne<T extends ConnectionPoint | BoundaryGroupReference>(
  rounds: Rounds<T>,
  crashes: boolean,
  afterRound: () => void,
): Promise<void> {
  for (let left = 20; left > 0; left -= 1) {
    if (crashes) {
      const written = rounds.object;
      await rounds.round();
      afterRound();
      // The process ended before it could write what it had come to.
      rounds.object = written;
    }
    await rounds.round();
    afterRound();
    if (rounds.againAfterMs === undefined || rounds.againAfterMs > 5_000) {
      return;
    }
    rounds.now += rounds.againAfterMs;
  }
  throw new Error(`It does not come to rest: ${JSON.stringify(rounds.object.status, undefined, 1)}`);
}

export type HandOverWorld = ReturnType<typeof handOverWorld>;

/** The old gateway serves on beside the new one. */
export const OLD_SERVES: Decision = {
  phase: 'Superseded',
  connectionPoints: ['cp01', 'cp02'],
  inBoundaryGroups: true,
};

/** It has been in reach of every client for a day, and was a moment ago. */
export const IN_REACH: NonNullable<Decision['advertised']> = {
  since: toTimestamp(START - 86_400_000),
  seenAt: toTimestamp(START),
};

/** The new gateway serves by the standby. */
export const NEW_SERVES: Decision = {
  phase: 'Active',
  connectionPoints: ['spare'],
  inBoundaryGroups: true,
  advertised: IN_REACH,
};

/** The old gateway hands over, and has left its groups first. */
export const DRAINING: Decision = { ...OLD_SERVES, phase: 'Draining', drainsBehind: NEW_ID, inBoundaryGroups: false };

/** A world in which the old gateway serves by itself. */
export async function served(options: Parameters<typeof handOverWorld>[0] = {}): Promise<HandOverWorld> {
  const world = handOverWorld(options);
  await world.settle();
  return world;
}

/** A world in which both serve: the new one by the standby, and in the group. */
export async function bothServe(options: Parameters<typeof handOverWorld>[0] = {}): Promise<HandOverWorld> {
  const world = await served(options);
  world.site.records.push(serviceRecord(NEW, 2));
  world.decide({ old: OLD_SERVES, new: NEW_SERVES });
  await world.settle();
  return world;
}

/** What must be so after every single round: clients of a gateway that is not on its way out keep it. Throws otherwise. */
export function nobodyIsCutOff(world: HandOverWorld): () => void {
  return () => {
    const { links, members, cluster } = world;
    const old = cluster.cmgs[0]?.status?.deployments?.find(({ serviceName }) => serviceName === OLD);
    const isOnItsWayOut = old === undefined || old.phase === 'Draining' || old.phase === 'Deleting';
    const hasOld = Object.values(links()).includes(OLD) && members().includes(OLD);
    if (members().length === 0 || (!isOnItsWayOut && !hasOld)) {
      throw new Error(`Clients are cut off: ${JSON.stringify([old?.phase, links(), members()])}`);
    }
  };
}
