import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../runtime/api-error.ts';
import type { KubernetesClient } from '../../runtime/client.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import { CONFIG_MAP, type ConfigMap } from '../../runtime/objects.ts';

/** What came of asking for a slot: the gateway may be removed, or not before `freeAt` (milliseconds since the epoch). */
export type DeletionSlot = { readonly kind: 'Taken' } | { readonly kind: 'None'; readonly freeAt: number };

/**
 * The fleet brake: how many gateways may be removed from Azure within an hour. What has been taken is written down before
 * anything is deleted, so that neither a restart nor another leader forgets it.
 */
export interface DeletionBudget {
  /** How many within an hour. */
  readonly perHour: number;
  /** Takes a slot for a gateway, once: a gateway that has one keeps it. */
  take(gateway: CMG, now: number, signal: AbortSignal): Promise<DeletionSlot>;
  /** Whether the gateway would be given a slot now, or has one; nothing is taken. */
  look(gateway: CMG, now: number, signal: AbortSignal): Promise<DeletionSlot>;
}

/** For how long a slot counts. */
const SLOT_MS = 3_600_000;

/** Name of the ConfigMap in which the slots are written down, in the operator's own namespace. */
export const BUDGET_CONFIG_MAP = 'cmg-operator-deletions';

export interface DeletionBudgetOptions {
  /** One that only the leader may write with. */
  readonly client: Pick<KubernetesClient, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  readonly perHour: number;
}

/**
 * Keeps the slots in a ConfigMap: for each gateway, by its UID, when its removal began and which it is. Whoever deletes it
 * sets the hour back.
 */
export function createDeletionBudget({ client, namespace, perHour }: DeletionBudgetOptions): DeletionBudget {
  const key = { namespace, name: BUDGET_CONFIG_MAP };
  const read = async (signal: AbortSignal): Promise<ConfigMap | undefined> => {
    try {
      return await client.get<ConfigMap>(CONFIG_MAP, key, { signal });
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      throw error;
    }
  };
  const write = async (stored: ConfigMap | undefined, data: Record<string, string>, signal: AbortSignal) => {
    const metadata = { ...key, labels: { 'app.kubernetes.io/managed-by': 'cmg-operator' } };
    try {
      await (stored === undefined
        ? client.create<ConfigMap>(CONFIG_MAP, { metadata, data }, { signal })
        : client.replace<ConfigMap>(CONFIG_MAP, { ...stored, data }, { signal }));
      return true;
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error) || isNotFound(error)) {
        return false;
      }
      throw error;
    }
  };
  const slotFor = (slots: ReadonlyMap<string, Slot>, uid: string): DeletionSlot => {
    const since = [...slots.values()].map(({ at }) => at).toSorted((left, right) => right - left);
    const blocking = slots.has(uid) ? undefined : since[perHour - 1];
    return blocking === undefined ? { kind: 'Taken' } : { kind: 'None', freeAt: blocking + SLOT_MS };
  };
  return {
    perHour,
    look: async ({ metadata }, now, signal) => {
      const stored = await read(signal);
      return slotFor(slotsIn(stored?.data ?? {}, now), metadata.uid);
    },
    take: async ({ metadata }, now, signal) => {
      for (;;) {
        const stored = await read(signal);
        const slots = slotsIn(stored?.data ?? {}, now);
        const slot = slotFor(slots, metadata.uid);
        if (slot.kind === 'None' || slots.has(metadata.uid)) {
          return slot;
        }
        slots.set(metadata.uid, { at: now, gateway: `${metadata.namespace}/${metadata.name}` });
        const data = Object.fromEntries([...slots].map(([uid, slot]) => [uid, textOf(slot)]));
        // Another removal has been written down meanwhile, and may have been the last one for now.
        if (await write(stored, data, signal)) {
          return { kind: 'Taken' };
        }
      }
    },
  };
}

interface Slot {
  readonly at: number;
  readonly gateway: string;
}

function textOf({ at, gateway }: Slot): string {
  // Whole seconds, and never sooner than it was: the hour is not to be shorter for it.
  return `${toTimestamp(Math.ceil(at / 1000) * 1000)} ${gateway}`;
}

/**
 * The slots that still count, by UID. One from the future does, as the clock of another machine may be ahead, or this one
 * may have been set back; but none from more than an hour ahead, which would block for as long. What cannot be read does
 * not count.
 */
function slotsIn(data: Readonly<Record<string, string>>, now: number): Map<string, Slot> {
  return new Map(
    Object.entries(data).flatMap(([uid, text]) => {
      const [time = '', gateway = ''] = text.split(' ');
      const at = Date.parse(time);
      return at > now - SLOT_MS && at <= now + SLOT_MS ? [[uid, { at, gateway }] as const] : [];
    }),
  );
}
