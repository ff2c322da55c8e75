import { join } from 'node:path';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../../src/runtime/clock.ts';
import { objectAt, objectsAt, textAt, valueAt } from '../arm/json-path.ts';
import { letsIn } from '../arm/providers/network-path.ts';
import { probedPort } from '../arm/providers/reachability.ts';
import { resolveReference } from '../arm/providers/references.ts';
import type { InstanceActivity, ScaleSetInstance } from '../arm/providers/scale-set-instances.ts';
import { SCALE_SET_TYPE, scaleSetState } from '../arm/providers/scale-set-state.ts';
import { certificatesOf } from '../arm/providers/scale-set-vms.ts';
import type { Principal, StoredResource } from '../arm/world.ts';
import type { WorldState } from '../arm/world-state.ts';
import { filesOfStore } from './certificate-store.ts';
import { type HealthProbe, type ProbePlan, startHealthProbe } from './health-probe.ts';
import type { MachineEndpoint, TokenAnswer, TokenRequest } from './machine-endpoint.ts';
import { runSetup, type SetupResult } from './setup-run.ts';
import { createVirtualMachine, type VirtualMachine } from './virtual-machine.ts';

/** The processes behind the VMs of all scale sets of a world. They follow the state that the simulator keeps of each VM. */
export interface MachineHost {
  /** Ends all VMs, and begins with those of this world. */
  follow(world: WorldState): void;
  /** The VMs of a scale set, by its id. */
  machinesOf(scaleSetId: string): readonly HostedMachine[];
  /** Ends all VMs, and waits until no process is left. */
  close(): Promise<void>;
}

/** A VM with what is known only on the machine that runs it. */
export interface HostedMachine {
  readonly instanceId: string;
  /** Its place among the VMs of the set, from 0: the lowest that was free when it came. */
  readonly slot: number;
  readonly vm: VirtualMachine;
  readonly probe: HealthProbe;
}

export interface MachineHostParts {
  readonly clock: Clock;
  /** Holds a folder for each VM. */
  readonly directory: string;
  readonly endpoint: MachineEndpoint;
  readonly environment: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
  readonly issueToken: (identity: Principal, resource: string) => TokenAnswer;
  /** Called when a VM comes, goes, opens or closes a port, or the probe finds another state. */
  readonly onChange: () => void;
}

interface Machine extends HostedMachine {
  /** What was done to it last. */
  activity: InstanceActivity | undefined;
  /** Which of its setups was begun last; 0 to begin again. */
  setups: number;
  cancelTimer: () => void;
  /** Ends the setup that runs. */
  abort: AbortController;
}

/** Begins without a world. */
export function createMachineHost(parts: MachineHostParts): MachineHost {
  const { clock } = parts;
  /** By scale set id in lower case, then instance id. */
  const sets = new Map<string, Map<string, Machine>>();
  const ending = new Set<Promise<void>>();
  let world: WorldState | undefined;
  let folders = 0;

  const remove = (machine: Machine) => {
    machine.cancelTimer();
    machine.abort.abort();
    machine.probe.stop();
    const ended = machine.vm.remove();
    ending.add(ended);
    void ended.then(() => ending.delete(ended));
  };

  const add = (scaleSetId: string, instanceId: string, slot: number): Machine => {
    const vm = createVirtualMachine({
      directory: join(parts.directory, `${folders++}-${instanceId}`),
      endpoint: parts.endpoint,
      environment: parts.environment,
      token: (request) => tokenFor(world, scaleSetId, request, parts.issueToken),
      size: () => sizeOf(world, scaleSetId, instanceId),
      onPorts: parts.onChange,
    });
    const plan = () => probePlan(world, scaleSetId, vm);
    const probe = startHealthProbe(clock, plan, parts.onChange);
    const abort = new AbortController();
    return { instanceId, slot, vm, probe, activity: undefined, setups: 0, cancelTimer: () => {}, abort };
  };

  const down = (machine: Machine) => {
    machine.abort.abort();
    machine.vm.stop();
    machine.probe.reset();
  };

  /** Brings a VM to what its record says it is now, and comes back when that changes by itself. */
  const bring = (scaleSetId: string, machine: Machine, instance: ScaleSetInstance) => {
    const { activity, power, extensions } = instance;
    if (activity !== machine.activity) {
      machine.activity = activity;
      if (activity.kind !== 'starting') down(machine);
    }
    machine.cancelTimer();
    const wait = activity.endsAt - clock.now();
    if (wait > 0) {
      machine.cancelTimer = clock.schedule(wait, () => refresh(scaleSetId));
      return;
    }
    if (power !== 'running') return;
    if (machine.setups !== instance.setups) {
      machine.setups = instance.setups;
      machine.vm.renew();
      if (Number.isFinite(extensions.endsAt)) machine.vm.start();
      else void setUp(scaleSetId, machine, instance);
    } else {
      machine.vm.start();
    }
  };

  const setUp = async (scaleSetId: string, machine: Machine, instance: ScaleSetInstance) => {
    machine.abort = new AbortController();
    const { signal } = machine.abort;
    // A VM that goes down meanwhile begins anew when it is up again.
    signal.addEventListener('abort', () => {
      machine.setups = 0;
    });
    if (world === undefined) return;
    machine.vm.installCertificates(filesOfStore(certificatesOf(world, instance.model)));
    machine.vm.start();
    const { vm } = machine;
    const { dispatcher } = parts;
    const token = (request: TokenRequest) => tokenFor(world, scaleSetId, request, parts.issueToken);
    const result = await runSetup(instance.model, { vm, token, dispatcher, clock, signal });
    if (signal.aborted) return;
    machine.abort = new AbortController();
    finish(scaleSetId, instance, result);
  };

  /** Writes down how the extensions of a VM have ended. */
  const finish = (scaleSetId: string, { instanceId, setups }: ScaleSetInstance, { failure, output }: SetupResult) => {
    const scaleSet = world?.get(scaleSetId);
    if (scaleSet === undefined) return;
    const state = scaleSetState(scaleSet);
    const ended = { endsAt: clock.now(), failure, ...(output === undefined ? {} : { output }) };
    const instances = state.instances.map((instance) =>
      instance.instanceId === instanceId && instance.setups === setups ? { ...instance, extensions: ended } : instance,
    );
    const { id, type, document, etag } = scaleSet;
    world?.store({ id, type, document, etag, internal: { ...state, instances } });
  };

  /** Looks at all VMs of a scale set. */
  const refresh = (scaleSetId: string) => {
    const scaleSet = world?.get(scaleSetId);
    const instances = scaleSet?.type === SCALE_SET_TYPE ? scaleSetState(scaleSet).instances : [];
    const machines = sets.get(scaleSetId.toLowerCase()) ?? new Map<string, Machine>();
    sets.set(scaleSetId.toLowerCase(), machines);
    for (const [instanceId, machine] of machines) {
      const instance = instances.find((candidate) => candidate.instanceId === instanceId);
      if (instance !== undefined && instance.activity.kind !== 'deleting') continue;
      machines.delete(instanceId);
      remove(machine);
    }
    for (const instance of instances) {
      if (instance.activity.kind === 'deleting') continue;
      const known = machines.get(instance.instanceId);
      const machine = known ?? add(scaleSetId, instance.instanceId, freeSlot(machines));
      machines.set(instance.instanceId, machine);
      bring(scaleSetId, machine, instance);
    }
  };

  const removeAll = () => {
    for (const machines of sets.values()) for (const machine of machines.values()) remove(machine);
    sets.clear();
  };

  return {
    follow: (next) => {
      removeAll();
      world = next;
      next.onChange((id) => {
        if (next === world && SCALE_SET_ID.test(id)) refresh(id);
        if (next === world) parts.onChange();
      });
    },
    machinesOf: (scaleSetId) => [...(sets.get(scaleSetId.toLowerCase())?.values() ?? [])],
    close: async () => {
      world = undefined;
      removeAll();
      await Promise.all(ending);
    },
  };
}

const SCALE_SET_ID = /\/providers\/microsoft\.compute\/virtualmachinescalesets\/[^/]+$/i;

function freeSlot(machines: ReadonlyMap<string, Machine>): number {
  const taken = new Set([...machines.values()].map(({ slot }) => slot));
  let slot = 0;
  while (taken.has(slot)) slot += 1;
  return slot;
}

/** The size in the model that a VM was last brought to. */
function sizeOf(world: WorldState | undefined, scaleSetId: string, instanceId: string): string {
  const scaleSet = world?.get(scaleSetId);
  const instances = scaleSet === undefined ? [] : scaleSetState(scaleSet).instances;
  return textAt(instances.find((instance) => instance.instanceId === instanceId)?.model, 'sku.name') ?? '';
}

/** A token of one of the identities that the scale set has. */
function tokenFor(
  world: WorldState | undefined,
  scaleSetId: string,
  { resource, clientId }: TokenRequest,
  issue: MachineHostParts['issueToken'],
): TokenAnswer {
  const assigned = Object.values(
    objectAt(world?.get(scaleSetId)?.document ?? {}, 'identity.userAssignedIdentities'),
  ).filter((identity) => clientId === undefined || textAt(identity, 'clientId') === clientId);
  if (assigned.length > 1) {
    return {
      kind: 'Refused',
      why: 'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request',
    };
  }
  const principal = world?.principals.get(textAt(assigned[0], 'principalId') ?? '');
  return principal === undefined ? { kind: 'Refused', why: 'Identity not found' } : issue(principal, resource);
}

/** How the load balancer looks after a VM; `undefined` when it does not. */
function probePlan(world: WorldState | undefined, scaleSetId: string, vm: VirtualMachine): ProbePlan | undefined {
  const scaleSet = world?.get(scaleSetId);
  const probeId = textAt(scaleSet?.document, 'properties.virtualMachineProfile.networkProfile.healthProbe.id');
  if (world === undefined || scaleSet === undefined || probeId === undefined) return undefined;
  const balancer = resolveReference(world, probeId)?.resource;
  const port = balancer === undefined ? undefined : probedPort(balancer.document, probeId);
  const probe = probeIn(balancer, probeId);
  return {
    intervalMs: world.duration('loadBalancers/probe', Number(valueAt(probe, 'intervalInSeconds') ?? 15)) * 1000,
    failures: Number(valueAt(probe, 'numberOfProbes') ?? 2),
    localPort:
      port !== undefined && letsIn(world, scaleSet, 'AzureLoadBalancer', port) ? vm.localPort(port) : undefined,
  };
}

function probeIn(balancer: StoredResource | undefined, probeId: string) {
  const probe = objectsAt(balancer?.document, 'properties.probes').find(
    ({ id }) => String(id).toLowerCase() === probeId.toLowerCase(),
  );
  return objectAt(probe, 'properties');
}
