import type { Action } from '../../src/redeployment/action.ts';
import type { DeploymentMark, DeploymentRecord, Records } from '../../src/redeployment/record.ts';
import {
  cmgAt,
  type Gateway,
  IDENTITIES,
  isNamed,
  KEYS,
  nameOf,
  serves,
  type World,
  withCmg,
  withGateway,
  withPoint,
} from './world.ts';

/** Carries out one action; what cannot be done has no effect. */
export function act(world: World, at: number, action: Action, records: Records): World {
  switch (action.kind) {
    case 'Maintain':
      return action.manner === 'AsDeclared' ? build(world, at, records.deployments, action.deployment) : world;
    case 'Start':
    case 'Stop':
      return world.azureUp ? changed(world, at, action.deployment, { running: action.kind === 'Start' }) : world;
    case 'Delete':
      return world.azureUp ? changed(world, at, action.deployment, { deleting: true }) : world;
    case 'LinkPoint':
    case 'UnlinkPoint':
    case 'JoinGroup':
    case 'LeaveGroup':
      return world.siteUp ? actOnSite(world, at, action, records) : world;
    case 'TakeClaim':
      return world.claim === undefined
        ? { ...world, claim: { claimant: KEYS[at] ?? '', carrier: action.carrier } }
        : world;
    case 'ReleaseClaim':
      return { ...world, claim: undefined };
    case 'ReleaseFinalizer':
      return withCmg(world, at, { gone: true });
    case 'AskForCreation':
      return build(world, at, records.deployments, action.deployment);
    case 'CountClients':
    case 'CompareContent':
    case 'ReadContent':
    case 'CheckContent':
    case 'ReadLive':
      return world;
  }
}

function changed(world: World, at: number, id: string, change: Partial<Gateway>): World {
  const gateway = cmgAt(world, at).gateways.find((each) => each.id === id);
  const isChange =
    gateway !== undefined &&
    gateway.azure !== 'Absent' &&
    gateway.withoutCredentials !== true &&
    Object.entries(change).some(([name, value]) => gateway[name as keyof Gateway] !== value);
  return isChange ? withGateway(world, at, id, change) : world;
}

function build(world: World, at: number, records: readonly DeploymentRecord[], id: string): World {
  const cmg = cmgAt(world, at);
  const record = records.find((each) => each.id === id);
  const existing = cmg.gateways.find((gateway) => gateway.id === id);
  if (!world.azureUp || record === undefined || (existing !== undefined && existing.azure !== 'Absent')) {
    return world;
  }
  const identity = IDENTITIES[at]?.indexOf(record.identity) ?? -1;
  const gateway: Gateway = {
    id,
    identity,
    azure: 'Partial',
    deleting: false,
    running: true,
    healthy: true,
    resolves: existing?.resolves ?? true,
    mark: markOf(record),
    // Clients who knew it know it again when it is built anew under the same name.
    known: existing?.known ?? false,
    reach: existing?.reach ?? 0,
    credit: existing?.credit ?? 0,
    absence: existing?.absence ?? 0,
    hasServed: existing?.hasServed ?? isNamed(world, at, nameOf(at, identity)),
  };
  return withCmg(world, at, { gateways: [...cmg.gateways.filter((each) => each.id !== id), gateway] });
}

function actOnSite(
  world: World,
  at: number,
  action: Extract<Action, { kind: 'LinkPoint' | 'UnlinkPoint' | 'JoinGroup' | 'LeaveGroup' }>,
  { deployments }: Records,
): World {
  if (action.kind === 'UnlinkPoint') {
    return withPoint(world, action.point, { linkedTo: undefined, connected: false });
  }
  const { group, gateways } = cmgAt(world, at);
  const name = deployments.find(({ id }) => id === action.deployment)?.serviceName ?? '';
  if (action.kind === 'LeaveGroup') {
    return withCmg(world, at, { group: group.filter((member) => member !== name) });
  }
  // The site links and groups only what it has a record of.
  const gateway = gateways.find(({ id }) => id === action.deployment);
  if (gateway?.azure !== 'Whole' || gateway.deleting || gateway.withoutRecord === true) {
    return world;
  }
  return action.kind === 'JoinGroup'
    ? withCmg(world, at, { group: group.includes(name) ? group : [...group, name].sort() })
    : withPoint(world, action.point, { linkedTo: name, connected: false });
}

/** What follows at once: a point is connected only to what serves; what has been named may have clients. */
export function settleWorld(world: World): World {
  let settled = world;
  for (const point of world.points) {
    if (point.connected && (point.broken || !hasServingTarget(world, point.cmg, point.linkedTo))) {
      settled = withPoint(settled, point.name, { connected: false });
    }
  }
  for (const [at, cmg] of world.cmgs.entries()) {
    for (const { id, identity, hasServed, azure } of cmg.gateways) {
      if (!hasServed && azure !== 'Absent' && isNamed(world, at, nameOf(at, identity))) {
        settled = withGateway(settled, at, id, { hasServed: true });
      }
    }
  }
  return settled;
}

/** Whether what the point is linked to serves. */
export function hasServingTarget(world: World, at: number, name: string | undefined): boolean {
  return (
    name !== undefined &&
    cmgAt(world, at).gateways.some((gateway) => nameOf(at, gateway.identity) === name && serves(gateway))
  );
}

/** What the tags of a gateway say when they are written. */
export function markOf({
  id,
  identity,
  serviceName,
  served,
  wantedSince,
  wantedOrder,
}: DeploymentRecord): DeploymentMark {
  return { id, identity, serviceName, served, wantedSince, wantedOrder };
}
