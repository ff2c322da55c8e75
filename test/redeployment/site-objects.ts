import type { CMG } from '../../src/api/v1alpha1/cmg.generated.ts';
import {
  planReference,
  type ReferenceFacts,
  type ReferencePlan,
} from '../../src/controllers/boundarygroupreference/plan.ts';
import {
  type ConnectionPointFacts,
  type ConnectionPointPlan,
  planConnectionPoint,
} from '../../src/controllers/connectionpoint/plan.ts';
import {
  type GatewayOfCmg,
  gatewayOfCmg,
  goneGateway,
  serviceNamesOf,
} from '../../src/controllers/site/gateway-of-cmg.ts';
import type { Action } from '../../src/redeployment/action.ts';
import { CONSENT_ANNOTATIONS } from '../../src/redeployment/consent-command.ts';
import { MINUTE } from '../../src/redeployment/instant.ts';
import type { DeploymentRecord } from '../../src/redeployment/record.ts';
import { toTimestamp } from '../../src/runtime/conditions.ts';
import type { ConnectionPointRole, ServiceRecord } from '../../src/site/facts.ts';
import { settleWorld } from './effects.ts';
import { judgeAction, type Violation } from './invariants.ts';
import { LastFew } from './last-few.ts';
import { dateOf } from './observation.ts';
import { inStatus } from './told.ts';
import {
  cmgAt,
  type Gateway,
  isAdvertised,
  KEYS,
  nameOf,
  type Point,
  reachOf,
  type World,
  withCmg,
  withPoint,
} from './world.ts';

/** Who plans for connection points and boundary groups. */
export interface Followers {
  readonly planConnectionPoint: (facts: ConnectionPointFacts) => ConnectionPointPlan;
  readonly planReference: (facts: ReferenceFacts) => ReferencePlan;
}

/** Those of the operator. */
export const FOLLOWERS: Followers = { planConnectionPoint, planReference };

type SiteAction = Extract<Action, { readonly kind: 'LinkPoint' | 'UnlinkPoint' | 'JoinGroup' | 'LeaveGroup' }>;

/** What the controller of a connection point or of a boundary group does in one round. */
export interface Followed {
  readonly world: World;
  readonly violations: readonly Violation[];
}

/** The status of a CMG as the controllers of its connection points and boundary groups read it. */
function objectOf(world: World, at: number): CMG {
  const cmg = cmgAt(world, at);
  const [namespace = '', name = ''] = (KEYS[at] ?? '').split('/');
  const { deployments, leavingSince } = cmg.records;
  const active = cmg.told?.active;
  const [only] = deployments;
  const isRegistered = recordsOfSite(world).some(({ serviceName }) => serviceName === only?.serviceName);
  const conditions = [{ type: 'SiteRegistered', status: isRegistered ? 'True' : 'False' }];
  const object = {
    metadata: {
      namespace,
      name,
      annotations: Object.fromEntries(
        cmg.consents
          .filter(({ kind }) => kind === 'AllowClientOutage')
          .map(({ deployment }) => [CONSENT_ANNOTATIONS.AllowClientOutage, deployment]),
      ),
      ...(cmg.deletion ? { deletionTimestamp: toTimestamp(dateOf(world)) } : {}),
    },
    spec: {
      serviceName: nameOf(at, cmg.wish),
      vm: { instances: 1 },
      clientAuthentication: {},
      siteRef: { name: 'site' },
      suspend: cmg.suspended,
      managementPolicy: cmg.onlyObserved ? 'Observe' : 'Manage',
      provisioner: 'Site',
      serverCertificate: {},
      deletionPolicy: cmg.retain ? 'Retain' : 'Delete',
      deletionProtection: false,
    },
    status: {
      deployments: deployments.map((record) => ({ ...inStatus(record), ...cmg.told?.plan.get(record.id) })),
      conditions,
      planned: { lapsedConsents: cmg.records.lapsed },
      ...(active === undefined ? {} : { activeDeployment: active }),
      ...(leavingSince === undefined ? {} : { leavingSince: toTimestamp(leavingSince) }),
    },
  };
  return object as unknown as CMG;
}

function recordsOfSite(world: World): readonly ServiceRecord[] {
  return world.cmgs.flatMap((cmg, at) =>
    cmg.gateways
      .filter(({ azure, deleting, withoutRecord }) => azure === 'Whole' && !deleting && withoutRecord !== true)
      .map((gateway) => recordOfSite(at, gateway)),
  );
}

function recordOfSite(at: number, { identity }: Gateway): ServiceRecord {
  const serviceName = nameOf(at, identity);
  return { serviceName, nalPath: serviceName, state: { kind: 'Ready' } } as unknown as ServiceRecord;
}

function roleOf({ name, linkedTo, connected }: Point): ConnectionPointRole {
  return {
    siteSystem: name,
    siteCode: 'PS1',
    serviceName: linkedTo,
    connectedness: connected ? 'Connected' : 'Disconnected',
  };
}

/** What of its CMGs a world shows; `undefined`: it is gone. */
function gatewaysOf(world: World): readonly (GatewayOfCmg | undefined)[] {
  const known = GATEWAYS.get(world);
  if (known !== undefined) {
    return known;
  }
  const gateways = world.cmgs.map(({ gone, hasSite }, at) =>
    gone || !hasSite ? undefined : gatewayOfCmg(objectOf(world, at)),
  );
  GATEWAYS.set(world, gateways);
  return gateways;
}

/** Each of its objects asks for them. */
const GATEWAYS = new LastFew<World, readonly (GatewayOfCmg | undefined)[]>();

function gatewayAt(world: World, at: number): GatewayOfCmg {
  return gatewaysOf(world)[at] ?? goneGateway(KEYS[at] ?? '', '');
}

function gatewaysKnown(world: World): readonly GatewayOfCmg[] {
  return gatewaysOf(world).filter((gateway) => gateway !== undefined);
}

/** One round of the controller of a connection point; the same world where it does nothing. */
export function followPoint(world: World, { name, cmg, role, linkedTo }: Point, followers: Followers): Followed {
  const plan = followers.planConnectionPoint({
    name,
    spec: { siteSystem: name, role, deletionPolicy: 'Delete' },
    installed: true,
    gateway: gatewayAt(world, cmg),
    known: gatewaysKnown(world),
    records: recordsOfSite(world),
    roles: world.points.filter((point) => point.linkedTo !== undefined).map(roleOf),
    clientFacingRoles: [],
    now: dateOf(world),
  });
  const from = linkedTo === undefined ? {} : { from: linkedTo };
  switch (plan.kind) {
    case 'Install':
    case 'Link': {
      const { serviceName } = plan.record;
      const action = { kind: 'LinkPoint', point: name, deployment: idOf(world, cmg, serviceName), ...from } as const;
      return carriedOut(world, cmg, action, withPoint(world, name, { linkedTo: serviceName, connected: false }));
    }
    case 'Uninstall': {
      const action = { kind: 'UnlinkPoint', point: name, from: linkedTo ?? '' } as const;
      return carriedOut(world, cmg, action, withPoint(world, name, { linkedTo: undefined, connected: false }));
    }
    case 'Keep':
    case 'Absent':
    case 'LeaveAlone':
    case 'Remember':
    case 'Hold':
      return { world, violations: [] };
    default:
      return plan satisfies never;
  }
}

/** One round of the controller of the boundary group of a CMG; the same world where it does nothing. */
export function followGroup(world: World, at: number, followers: Followers): Followed {
  const { group } = cmgAt(world, at);
  const facts: ReferenceFacts = {
    spec: { connection: 'Fast', deletionPolicy: 'Delete' },
    members: group.map((serviceName) => ({ serviceName, nalPath: serviceName, adopted: false })),
    preferredBefore: undefined,
    gateway: gatewayAt(world, at),
    known: gatewaysKnown(world).flatMap(serviceNamesOf),
    records: recordsOfSite(world),
    group: { id: 7, name: 'group', preferCloudSources: false },
    present: group.map((nalPath) => ({ nalPath, connection: 'Fast' })),
    now: dateOf(world),
  };
  const first = followers.planReference(facts);
  const plan = first.kind === 'Remember' ? followers.planReference({ ...facts, members: first.members }) : first;
  switch (plan.kind) {
    case 'Add': {
      const { serviceName } = plan.record;
      const action = { kind: 'JoinGroup', group: 'group', deployment: idOf(world, at, serviceName) } as const;
      return carriedOut(world, at, action, withCmg(world, at, { group: [...group, serviceName].sort() }));
    }
    case 'Remove': {
      const { serviceName } = plan.member;
      const action = { kind: 'LeaveGroup', group: 'group', deployment: idOf(world, at, serviceName) } as const;
      return carriedOut(world, at, action, withCmg(world, at, { group: group.filter((name) => name !== serviceName) }));
    }
    case 'Keep':
    case 'Hold':
    case 'Remember':
    case 'SetPreference':
    case 'Forget':
    case 'Gone':
      return { world, violations: [] };
    default:
      return plan satisfies never;
  }
}

function idOf(world: World, at: number, name: string): string {
  return cmgAt(world, at).records.deployments.find(({ serviceName }) => serviceName === name)?.id ?? '';
}

function carriedOut(before: World, at: number, action: SiteAction, done: World): Followed {
  const after = settleWorld(done);
  const { records } = cmgAt(before, at);
  const found = judgeAction({ seen: before, before, after, at, action, records });
  const isAllowed = ({ invariant }: Violation) => mayBreak(invariant, action, before, after, at);
  return { world: after, violations: found.filter((violation) => !isAllowed(violation)) };
}

/** What these controllers may do, as the plan that they follow is of another moment than what they do. */
function mayBreak(
  invariant: Violation['invariant'],
  action: SiteAction,
  before: World,
  after: World,
  at: number,
): boolean {
  const { records, consents } = cmgAt(before, at);
  const from = action.kind === 'UnlinkPoint' || action.kind === 'LinkPoint' ? action.from : undefined;
  const loser = records.deployments.find((record) =>
    action.kind === 'LeaveGroup' ? record.id === action.deployment : record.serviceName === from,
  );
  const wasLost = loser !== undefined && isSuccessorJustLost(before, at, loser);
  const isConsented = consents.some(
    ({ kind, deployment }) =>
      kind === 'AllowClientOutage' &&
      deployment === loser?.id &&
      !records.lapsed.some((lapsed) => lapsed.kind === kind && lapsed.deployment === deployment),
  );
  switch (invariant) {
    case 'a':
      return wasLost || isConsented || loser?.stage.phase === 'Deleting';
    case 'd':
      return wasLost || isConsented;
    // A standby goes when its gateway has a primary. Whoever counts on that gateway loses nothing.
    case 'c':
      return reachOf(after, at) >= reachOf(before, at);
    default:
      return false;
  }
}

/** What was lost since the CMG was looked at, nobody could have known. A look counts for twenty minutes. */
function isSuccessorJustLost(world: World, at: number, { stage }: DeploymentRecord): boolean {
  const successor = cmgAt(world, at).gateways.find(({ id }) => stage.phase === 'Draining' && id === stage.behind);
  return successor !== undefined && !isAdvertised(world, at, successor) && successor.absence <= 20 * MINUTE;
}
