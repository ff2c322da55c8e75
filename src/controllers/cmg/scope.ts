import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import type { VmModels } from '../../gateway/vm-models.ts';
import type { ResolveName } from '../../probe/resolve-name.ts';
import type { TlsProbe } from '../../probe/tls-probe.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import type { AzureAccess } from './azure-access.ts';
import type { DeletionBudget } from './deletion-budget.ts';
import type { DriftSweep } from './drift-sweep.ts';
import type { ManagedCmg } from './managed-cmg.ts';
import type { GatewayMemory } from './memory.ts';
import type { NamespaceReader } from './namespaces.ts';
import type { RevocationLists } from './revocation-lists.ts';
import type { RolloutBrake } from './rollout-brake.ts';
import type { SecretReader } from './secrets.ts';

/** A person sets it to a new value, by convention the time, to have everything read and tried anew at once. */
export const REQUEST_ANNOTATION = 'configmgr.io/reconcile-requested-at';

/** What the steps of one reconcile of any CMG work with. */
export interface CommonScope {
  readonly cmg: CMG;
  /** Names this installation in the tags of Azure resources. */
  readonly installationId: string;
  /** UID of the namespace kube-system. */
  readonly clusterUid: string;
  /** Milliseconds between two looks for changes in Azure while nothing else happens. */
  readonly driftIntervalMs: number;
  /** Milliseconds between two readings of every resource, whatever the sweeps show. */
  readonly fullReadIntervalMs: number;
  readonly sweep: Pick<DriftSweep, 'follow' | 'unchangedSince'>;
  readonly secrets: SecretReader;
  readonly configMaps: SecretReader;
  readonly namespaces: NamespaceReader;
  readonly deletionBudget: DeletionBudget;
  /** The models of VMs that this version of the operator knows. */
  readonly vmModels: VmModels;
  readonly rollouts: RolloutBrake;
  readonly revocationLists: RevocationLists;
  readonly azure: AzureAccess;
  /** Connects to gateways; `undefined` where the operator must not. */
  readonly probe: TlsProbe | undefined;
  /** Looks names up as clients do; `undefined` where the operator must not. */
  readonly resolveName: ResolveName | undefined;
  readonly memory: GatewayMemory;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** What the steps work with that make a gateway, change it or remove it. */
export interface Scope extends CommonScope {
  readonly cmg: ManagedCmg;
  /** Default: `AsDeclared`. */
  readonly upkeep?: Upkeep;
  /** Present where the names of a gateway that is still to be made belong to one that goes first. */
  readonly namesHeld?: NamesHeld;
}

/** A gateway holds the names of one that is still to be made. */
export interface NamesHeld {
  /** Whether the resource group of the new one goes with it. */
  readonly group: 'Goes' | 'Stays';
}

/** How much is done for a gateway. */
export type Upkeep =
  /** It is made what the spec says. */
  | 'AsDeclared'
  /** It is repaired, but its scale set is neither changed nor made anew: it is not what the spec asks for any more. */
  | 'KeepServing';
