import type { ManualClock } from '../../src/runtime/manual-clock.ts';
import { SECRET } from '../../src/runtime/objects.ts';
import type { IssuedCertificate } from '../certificate-authority.ts';
import type { SimulatedWorld } from '../world/simulated-world.ts';
import { beginDisturbedRun, type Disturbance, prevents, type Write } from './disturbance.ts';
import { createFaultStage, type FaultStage, GATEWAY } from './stage.ts';
import { buildElsewhere, takeOver } from './taking-over.ts';

/** What a life leaves behind, without what differs in each: ids, times, etags. */
export interface LifeOutcome {
  /** Azure and Kubernetes as they were at the end of each part of it, by the name of the part. */
  readonly states: Readonly<Record<string, readonly string[]>>;
  /** Every write that Azure accepted, with the status that it answered: 201 where something was made. In no order. */
  readonly accepted: readonly string[];
  /** How many blobs were stored, each time that one was. */
  readonly storedBlobs: number;
  /** Which Kubernetes objects were made, and which went. */
  readonly history: readonly string[];
}

export interface LifeOptions {
  readonly world: SimulatedWorld;
  readonly clock: ManualClock;
  readonly certificate: IssuedCertificate;
  /** Takes its place in the change. */
  readonly renewed: IssuedCertificate;
  /** Whether the gateway is made in a group of somebody else, from which it is removed piece by piece. */
  readonly inForeignGroup?: boolean;
  /** Whether the gateway is there already, made from another cluster, and the life is that of taking it over. */
  readonly takenOver?: boolean;
}

/** Time in Azure is shortened, so that there is less to wait for; everything still takes some. */
const DURATION_FACTOR = 0.05;

/**
 * A whole life of a gateway: creation in a subscription that lacks a resource provider, a change that scales it and brings a new model, the repair of what somebody else has
 * changed, deletion. At most one write goes wrong on the way.
 */
export async function live(
  options: LifeOptions,
  disturbance?: Disturbance,
): Promise<{ readonly outcome: LifeOutcome; readonly writes: readonly Write[] }> {
  const { world } = options;
  const { control } = world.azure;
  let kill = () => {};
  control.reset();
  control.settings.durationFactor = DURATION_FACTOR;
  if (options.takenOver === true) await buildElsewhere(options);
  const run = beginDisturbedRun({ faults: control.faults, disturbance, kill: () => kill() });
  const now = options.takenOver === true ? { now: options.clock.now() } : {};
  const stage = createFaultStage({ ...options, ...now, between: run.between });
  kill = () => stage.operator.kill();
  try {
    const states = options.takenOver === true ? await takeOver(stage) : await liveThrough(stage, options);
    if (disturbance !== undefined && !run.hasMet) throw new Error('The write did not come that was to go wrong.');
    const stored = run.writes.filter(({ target }) => target === 'blobs').length;
    const lost = disturbance?.write.target === 'blobs' && prevents(disturbance.fault) ? 1 : 0;
    return {
      outcome: {
        states,
        accepted: acceptedWrites(stage, disturbance),
        storedBlobs: stored - lost,
        history: stage.kubernetes.history,
      },
      writes: run.writes,
    };
  } finally {
    stage.operator.kill();
    run.end();
    control.faults.clear();
  }
}

/**
 * Azure shows nothing of a purge that runs. A process that ends between asking for it and letting the CMG go has the next one
 * ask again, for what is being done already: that counts once.
 */
export function acceptedWrites({ world }: FaultStage, disturbance: Disturbance | undefined): readonly string[] {
  const crashed = disturbance?.fault.startsWith('crash') === true;
  const all = world.azure.control.writes.map(({ method, path, status }) => plain(`${method} ${path} ${status}`));
  return all
    .filter((write, index) => !(crashed && write.includes('/purge ') && all.indexOf(write) !== index))
    .toSorted();
}

async function liveThrough(stage: FaultStage, options: LifeOptions): Promise<LifeOutcome['states']> {
  const { azure } = options.world;
  const mode = options.inForeignGroup === true ? 'UseExisting' : 'Create';
  const group = `/subscriptions/${azure.subscriptionId}/resourceGroups/rg-${GATEWAY}`;
  if (mode === 'UseExisting') {
    azure.control.call('PUT', `${group}?api-version=2025-04-01`, { location: 'westeurope' });
  }
  // Registering a resource provider is a write too.
  azure.control.setRegistration('Microsoft.Network', 'NotRegistered');
  stage.apply(GATEWAY, (spec) => ({
    ...spec,
    azure: { ...spec.azure, resourceGroup: { ...spec.azure.resourceGroup, mode } },
  }));
  await stage.runUntil(() => isAtRest(stage));
  const creation = stateOf(stage);

  stage.apply(GATEWAY, (spec) => ({ ...spec, vm: { ...spec.vm, instances: 2 } }));
  stage.setCertificate(GATEWAY, options.renewed);
  await stage.runUntil(() => isAtRest(stage));
  const change = stateOf(stage);

  await changeByHand(stage);
  await stage.runUntil(() => isSetBack(stage) && isAtRest(stage));
  const repair = stateOf(stage);

  stage.remove(GATEWAY);
  await stage.runUntil(() => stage.cmg() === undefined);
  // What Azure still does takes its time.
  await stage.clock.advance(600_000);
  return { creation, change, repair, deletion: stateOf(stage) };
}

/** Somebody adds a VM, stops another, and removes the rules of the security group: all of it before the operator looks again. */
async function changeByHand(stage: FaultStage): Promise<void> {
  const { control } = stage.world.azure;
  const idOf = (type: string) => String(stage.resource(type)?.id);
  const scaleSet = idOf('Microsoft.Compute/virtualMachineScaleSets');
  const requests = [
    ['PATCH', scaleSet, { sku: { capacity: 3 } }],
    ['POST', `${scaleSet}/deallocate`, { instanceIds: ['0'] }],
  ] as const;
  for (const [method, path, body] of requests) {
    control.call(method, `${path}?api-version=2024-11-01`, body);
    while (control.runningOperations > 0) await stage.clock.advance(1000);
  }
  control.mutate(idOf('Microsoft.Network/networkSecurityGroups'), { properties: { securityRules: [] } });
}

function isSetBack({ resource }: FaultStage): boolean {
  const rules = resource('Microsoft.Network/networkSecurityGroups')?.properties;
  const sku = resource('Microsoft.Compute/virtualMachineScaleSets')?.sku;
  return JSON.stringify(rules).includes('"443"') && JSON.stringify(sku).includes('"capacity":2');
}

/** Everything is as declared, nothing runs, and nothing is written down that would. */
export function isAtRest(stage: FaultStage): boolean {
  const operations = stage.kubernetes.objects(SECRET.plural).find(({ metadata }) => isOperations(metadata.name));
  return stage.isSettled() && Object.keys((operations as { data?: object } | undefined)?.data ?? {}).length === 0;
}

function isOperations(name: string): boolean {
  return name === `${GATEWAY}-operations`;
}

/** Azure and Kubernetes as they are, without what differs in each run. */
export function stateOf({ world, kubernetes, resource }: FaultStage): readonly string[] {
  const { control, subscriptionId } = world.azure;
  const list = (path: string, version: string) =>
    JSON.stringify(control.call('GET', `${path}?api-version=${version}`).body);
  const scaleSet = resource('Microsoft.Compute/virtualMachineScaleSets');
  const state = [
    ...control.state().map((each) => JSON.stringify(each)),
    ...(scaleSet === undefined ? [] : [list(`${scaleSet.id}/virtualMachines`, '2024-11-01')]),
    list(`/subscriptions/${subscriptionId}/providers/Microsoft.KeyVault/deletedVaults`, '2026-02-01'),
    ...kubernetes.objects().map((each) => JSON.stringify(each)),
  ];
  // All at once: hundreds of lives are compared. JSON has no line breaks.
  return plain(state.join('\n')).split('\n').toSorted();
}

/** Texts that differ in each run, in the place of which their kind is shown. */
const DIFFERS: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, 'GUID'],
  [/\b[0-9a-f]{64}\b/g, 'SHA256'],
  [/\b[0-9a-f]{32}\b/g, 'HASH'],
  [/"[0-9a-f]{8}"/g, '"DEPLOYMENT"'],
  [/=[0-9a-f]{8}\b/g, '=DEPLOYMENT'],
  [/\b0x[0-9A-F]{15}\b/g, 'ETAG'],
  [/\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)/g, 'TIME'],
  [/"(created|updated)":\d+/g, '"$1":TIME'],
  [/"(ipAddress|address)":"[\d.]+"/g, '"$1":ADDRESS'],
  [/"resourceVersion":"\d+"/g, '"resourceVersion":VERSION'],
  [/"uid":"uid-\d+"/g, '"uid":UID'],
];

function plain(text: string): string {
  return DIFFERS.reduce((shown, [pattern, kind]) => shown.replaceAll(pattern, kind), text);
}
