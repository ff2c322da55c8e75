import { isJsonObject, type JsonObject } from '../../src/json.ts';
import { sleep, systemClock } from '../../src/runtime/clock.ts';
import type { ApiClient } from '../cluster/api-client.ts';
import type { Manifest } from '../world/gateway-manifests.ts';
import type { SimulatedWorld } from '../world/simulated-world.ts';
import { type ClientOptions, connectAsClient, type Noticed } from './client.ts';
import type { DemoOptions } from './run.ts';
import { apply, isReady, watchUntil } from './steps.ts';

type Telling = Pick<DemoOptions, 'screen' | 'signal'>;

/** Longest time for a change by the machine's clock, in milliseconds. */
const LIMIT_MS = 90_000;

/** Shows that an apply scales the gateway. */
export async function scale(
  { screen, signal }: Telling,
  api: ApiClient,
  { azure }: SimulatedWorld,
  manifest: Manifest,
): Promise<void> {
  screen.step('Scaling from one VM to two by an apply');
  const spec = manifest.spec as Record<string, unknown>;
  const scaled = { ...manifest, spec: { ...spec, vm: { size: 'Standard', instances: 2 } } };
  await apply(api, scaled);
  const expected = 'two VMs serve';
  const seen = await watchUntil({ api, manifest, screen, signal, limitMs: LIMIT_MS, expected }, (cmg) =>
    isReady(cmg) && cmg.status?.deployments?.[0]?.instances?.ready === 2 && capacityOf(azure) === 2
      ? expected
      : undefined,
  );
  screen.done(`${seen}, and Azure has a scale set of capacity 2`);
}

export interface Damage {
  readonly world: SimulatedWorld;
  readonly client: ClientOptions;
  readonly manifest: Manifest;
}

/** Shows that what somebody takes away in Azure is put back. */
export async function damage(
  { screen, signal }: Telling,
  api: ApiClient,
  { world, client, manifest }: Damage,
): Promise<void> {
  const { azure } = world;
  screen.step("Deleting a network rule behind the operator's back");
  const group = resourceOf(azure, 'Microsoft.Network/networkSecurityGroups');
  azure.control.call('DELETE', `${group.id}/securityRules/https?api-version=2025-03-01`);
  const rules = () => namesOf(resourceOf(azure, 'Microsoft.Network/networkSecurityGroups'));
  const expected = 'the rule https is back';
  let told = '';
  const visitor = visitAgainAndAgain(client);
  const seen = await watchUntil({ api, manifest, screen, signal, limitMs: LIMIT_MS, expected }, async (cmg) => {
    // The event stays; the condition may have come and gone between two looks.
    told ||= await driftEvent(api, manifest);
    return told !== '' && visitor.getsThrough() && rules().includes('https') && isReady(cmg) ? expected : undefined;
  }).finally(() => visitor.leave());
  const wasCutOff = visitor.wasCutOff() ? ', and clients that were cut off get through again' : '';
  screen.done(`${seen}${wasCutOff}. The event said: ${told}`);
}

/** How long a client pauses between two visits, in milliseconds of the machine's clock. */
const PAUSE_MS = 20;

/** A client that connects until it leaves: a gateway may be out of reach for a moment only. */
function visitAgainAndAgain(client: ClientOptions) {
  let cutOff = false;
  let last: Noticed | undefined;
  let isLeaving = false;
  const visiting = (async () => {
    while (!isLeaving) {
      last = await connectAsClient(client);
      cutOff ||= last.status === undefined;
      await sleep(systemClock, PAUSE_MS);
    }
  })();
  return {
    getsThrough: () => last?.status === 401,
    wasCutOff: () => cutOff,
    leave: () => {
      isLeaving = true;
      return visiting;
    },
  };
}

/** What the operator said of the drift that it found; empty as long as it has found none. */
async function driftEvent(api: ApiClient, { metadata }: Manifest): Promise<string> {
  const path = `/apis/events.k8s.io/v1/namespaces/${metadata.namespace}/events?fieldSelector=reason%3DDriftRepaired`;
  const { items } = (await api.call('GET', path)) as {
    items: readonly { note: string; regarding: { name: string } }[];
  };
  return items.find(({ regarding }) => regarding.name === metadata.name)?.note ?? '';
}

/** The one resource of a type in the simulated Azure. */
function resourceOf({ control }: SimulatedWorld['azure'], type: string): JsonObject {
  const found = control.state().find((resource) => String(resource.type).toLowerCase() === type.toLowerCase());
  if (found === undefined) {
    throw new Error(`The simulated Azure has no resource of type ${type}.`);
  }
  return found;
}

function capacityOf(azure: SimulatedWorld['azure']): unknown {
  const { sku } = resourceOf(azure, 'Microsoft.Compute/virtualMachineScaleSets');
  return isJsonObject(sku) ? sku.capacity : undefined;
}

function namesOf({ properties }: JsonObject): readonly string[] {
  const rules = isJsonObject(properties) ? properties.securityRules : undefined;
  return Array.isArray(rules) ? rules.filter(isJsonObject).map(({ name }) => String(name)) : [];
}
