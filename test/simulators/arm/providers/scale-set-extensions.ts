import type { JsonObject } from '../../../../src/json.ts';
import type { ArmErrorBody } from '../arm-fault.ts';
import { objectsAt, textAt } from '../json-path.ts';

/** How the extensions of VMs end, and how Azure tells that. */

/** Why an extension did not succeed on a VM. */
export type ExtensionFailure =
  | { readonly kind: 'Failed'; readonly extension: string; readonly exitCode: number; readonly message: string }
  /** It had not ended when `extensionsTimeBudget` was over. */
  | { readonly kind: 'TimedOut'; readonly extension: string };

/** What a script has written, the last part of it. */
export interface ScriptOutput {
  readonly extension: string;
  readonly standardOutput: string;
  readonly standardError: string;
}

/** How the extensions of an instance end. */
export interface ExtensionsResult {
  /** Milliseconds since the epoch. Infinity while processes run that decide it. */
  readonly endsAt: number;
  readonly failure: ExtensionFailure | undefined;
  /** Only where a process ran. */
  readonly output?: ScriptOutput;
}

const EXTENSIONS = 'properties.virtualMachineProfile.extensionProfile.extensions';

/** The extensions of an instance that stands on `model`, as its view shows them at a time. */
export function extensionViews(model: JsonObject, result: ExtensionsResult, now: number, time: string): JsonObject[] {
  return objectsAt(model, EXTENSIONS).map((extension) => {
    const name = textAt(extension, 'name') ?? '';
    const { output } = result;
    const ended = now >= result.endsAt;
    return {
      name,
      type: `${textAt(extension, 'properties.publisher')}.${textAt(extension, 'properties.type')}`,
      typeHandlerVersion: textAt(extension, 'properties.typeHandlerVersion') ?? '',
      statuses: [extensionStatus(name, result, ended, time)],
      ...(ended && output?.extension === name ? { substatuses: outputStatuses(output) } : {}),
    };
  });
}

function extensionStatus(name: string, { failure }: ExtensionsResult, ended: boolean, time: string): JsonObject {
  const own = failure?.extension === name ? failure : undefined;
  // Azure gives up on one that does not end, which itself says nothing.
  if (!ended || own?.kind === 'TimedOut') {
    return { code: 'ProvisioningState/transitioning', level: 'Info', displayStatus: 'Transitioning', time };
  }
  return own === undefined
    ? {
        code: 'ProvisioningState/succeeded',
        level: 'Info',
        displayStatus: 'Provisioning succeeded',
        message: 'Finished executing command',
        time,
      }
    : {
        code: `ProvisioningState/failed/${own.exitCode}`,
        level: 'Error',
        displayStatus: 'Provisioning failed',
        message: own.message,
        time,
      };
}

function outputStatuses({ standardOutput, standardError }: ScriptOutput): JsonObject[] {
  return [
    ['StdOut', standardOutput],
    ['StdErr', standardError],
  ].map(([stream, message = '']) => ({
    code: `ComponentStatus/${stream}/succeeded`,
    level: 'Info',
    displayStatus: 'Provisioning succeeded',
    message,
  }));
}

const TROUBLESHOOT =
  'More information on troubleshooting is available at https://aka.ms/VMExtensionCSEWindowsTroubleshoot.';

/** What an operation, and the VM itself, say when an extension of `model` has failed. */
export function extensionError(model: JsonObject, failure: ExtensionFailure): ArmErrorBody {
  switch (failure.kind) {
    case 'TimedOut':
      return {
        code: 'VMExtensionProvisioningTimeout',
        message: `Provisioning of VM extension ${failure.extension} has timed out. Extension provisioning has taken too long to complete. The extension did not report a message. ${TROUBLESHOOT}`,
      };
    case 'Failed': {
      const extension = objectsAt(model, EXTENSIONS).find(({ name }) => name === failure.extension);
      return {
        code: 'VMExtensionProvisioningError',
        message: `VM has reported a failure when processing extension '${failure.extension}' (publisher '${textAt(extension, 'properties.publisher')}' and type '${textAt(extension, 'properties.type')}'). Error message: '${failure.message}'. ${TROUBLESHOOT}`,
      };
    }
    default:
      return failure satisfies never;
  }
}
