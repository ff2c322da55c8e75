import type { GatewayDeployment } from './deployment.ts';
import { type GatewaySettings, gatewaySettings } from './settings.ts';
import { type SetupCommandFiles, setupCommand } from './setup-command.ts';

/**
 * What of the VMs comes from the version of the operator, and from no spec. A gateway keeps the revision that it was made or
 * last updated with, as another one has to be rolled out to its VMs.
 */
export interface VmModel {
  readonly revision: number;
  readonly image: {
    readonly publisher: string;
    readonly offer: string;
    readonly sku: string;
    readonly version: string;
  };
  /** The extension that runs the setup. */
  readonly setupExtension: {
    readonly publisher: string;
    readonly type: string;
    readonly typeHandlerVersion: string;
    readonly autoUpgradeMinorVersion: boolean;
  };
  /** What the extension runs. */
  readonly setupCommand: (files: SetupCommandFiles) => string;
  /** What the setup is told. */
  readonly settings: (deployment: GatewayDeployment) => GatewaySettings;
}

/** All revisions, the newest last. None is ever changed or taken away as long as there may be gateways that have it. */
export type VmModels = readonly [VmModel, ...VmModel[]];

/**
 * The revisions of this version of the operator. Whatever changes the model of the VMs or their settings without a change of
 * a spec needs a new revision here, or an upgrade of the operator would roll every fleet.
 */
export const VM_MODELS: VmModels = [
  {
    revision: 1,
    image: {
      publisher: 'MicrosoftWindowsServer',
      offer: 'WindowsServer',
      sku: '2022-datacenter-azure-edition',
      version: 'latest',
    },
    // The DSC extension that older gateways use retires on 31 March 2028.
    setupExtension: {
      publisher: 'Microsoft.Compute',
      type: 'CustomScriptExtension',
      typeHandlerVersion: '1.10',
      autoUpgradeMinorVersion: true,
    },
    setupCommand,
    settings: gatewaySettings,
  },
];

/** Gateways from before revisions were recorded have the first one. */
const FIRST_REVISION = 1;

/** What is known of the revision that a gateway has. */
export interface RevisionRecords {
  /** In the status; `undefined` where it was lost, or has none yet. */
  readonly status: number | undefined;
  /** In the tag of the scale set. */
  readonly tag: number | undefined;
  /** Whether there is a gateway, or a record of one. */
  readonly exists: boolean;
}

/** Which model a gateway is to have. */
export type VmModelChoice =
  | {
      readonly kind: 'Known';
      readonly model: VmModel;
      /** A newer one that waits until somebody asks for it. */
      readonly waiting: VmModel | undefined;
    }
  /** It was made by a newer version of the operator. */
  | { readonly kind: 'Unknown'; readonly revision: number };

/**
 * Chooses the model of a gateway: the newest for a new one, or when it may be updated; else the one that it has. Of status
 * and tag the higher counts, as the tag is written first, and nothing is ever taken back to an older model; but a tag with a
 * revision that nobody knows does not count where the status has one.
 *
 * @param mayUpdate whether somebody has allowed a newer model
 */
export function chooseVmModel(models: VmModels, records: RevisionRecords, mayUpdate: boolean): VmModelChoice {
  const newest = models.at(-1) ?? models[0];
  const recorded = recordedRevision(models, records);
  if (recorded === undefined) {
    return { kind: 'Known', model: newest, waiting: undefined };
  }
  const model = models.find(({ revision }) => revision === recorded);
  if (model === undefined) {
    return { kind: 'Unknown', revision: recorded };
  }
  return model === newest || mayUpdate
    ? { kind: 'Known', model: newest, waiting: undefined }
    : { kind: 'Known', model, waiting: newest };
}

function recordedRevision(models: VmModels, { status, tag, exists }: RevisionRecords): number | undefined {
  if (status === undefined) {
    return tag ?? (exists ? FIRST_REVISION : undefined);
  }
  const isKnown = models.some(({ revision }) => revision === tag);
  return tag !== undefined && isKnown ? Math.max(status, tag) : status;
}
