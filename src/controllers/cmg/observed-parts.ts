import type { ArmClient } from '../../azure/arm-client.ts';
import { ArmError } from '../../azure/errors.ts';
import { API_VERSIONS } from '../../gateway/api-versions.ts';
import type { GatewayInstance } from '../../gateway/instances.ts';
import {
  type GatewayPart,
  type HeartType,
  partsOf,
  partsOfLoadBalancer,
  type SoughtGateway,
} from '../../gateway/observed-gateway.ts';
import { readObservedInstances } from '../../gateway/observed-instances.ts';
import type { JsonObject } from '../../json.ts';
import { titleOf } from './azure-findings.ts';
import { type AzureProblem, describeProblem } from './azure-problem.ts';

/** A gateway that somebody made, as one look at Azure shows it. */
export interface SeenGateway {
  readonly id: string;
  readonly type: HeartType;
  readonly heart: JsonObject;
  /** The resources that exist, the heart among them, by what they are to the gateway. */
  readonly parts: ReadonlyMap<string, { readonly id: string; readonly resource: JsonObject }>;
  /** Its VMs; `undefined` where Azure does not show them, as of cloud services, or where they could not be read. */
  readonly instances: readonly GatewayInstance[] | undefined;
  /** Why something could not be read. */
  readonly problems: readonly AzureProblem[];
}

type Reader = Pick<ArmClient, 'get' | 'list'>;

/** Reads what belongs to a gateway whose heart was found. What may not be read is told, and the rest is read all the same. */
export async function readGateway(
  arm: Reader,
  sought: SoughtGateway,
  { id, type, heart }: Pick<SeenGateway, 'id' | 'type' | 'heart'>,
  signal: AbortSignal,
): Promise<SeenGateway> {
  const parts = new Map([[type.key, { id, resource: heart }]]);
  const problems: AzureProblem[] = [];
  const readAll = (wanted: readonly GatewayPart[]) =>
    Promise.all(
      wanted.map(async (part) => {
        const result = await attempt(`Reading the ${titleOf(part.key)}`, problems, () =>
          arm.get(part.id, part.apiVersion, { signal }),
        );
        if (result?.kind === 'Present') {
          parts.set(part.key, { id: part.id, resource: result.resource });
        }
      }),
    );
  await readAll(partsOf(sought, heart));
  await readAll(partsOfLoadBalancer(parts.get('loadBalancer')?.resource ?? {}));
  const instances =
    type.key === 'scaleSet'
      ? await attempt('Reading the VMs', problems, () => readInstancesOf(arm, id, signal))
      : undefined;
  return { id, type, heart, parts, instances, problems };
}

async function readInstancesOf(arm: Reader, scaleSetId: string, signal: AbortSignal) {
  const query = { $expand: 'instanceView' };
  return readObservedInstances(
    await arm.list(`${scaleSetId}/virtualMachines`, API_VERSIONS.compute, { query, signal }),
  );
}

async function attempt<T>(what: string, problems: AzureProblem[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
    problems.push(describeProblem(what, error));
    return undefined;
  }
}
