import type { JsonObject } from '../../../src/json.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import { objectsAt, textAt } from '../arm/json-path.ts';
import { runCustomScript, type ScriptParts, type ScriptResult } from './custom-script.ts';

/** How the extensions of a VM ended. */
export type SetupResult = ScriptResult;

const PROFILE = 'properties.virtualMachineProfile.extensionProfile';

/** What Azure waits for extensions that say nothing else ("extensionsTimeBudget"). */
const DEFAULT_BUDGET = 'PT1H30M';

/**
 * Runs the extensions of a model in a VM, one after the other. Only the Custom Script Extension does anything; all others
 * succeed at once. What has not ended within the time budget of the model is killed.
 */
export async function runSetup(
  model: JsonObject,
  parts: ScriptParts & { readonly clock: Clock },
): Promise<SetupResult> {
  const budget = textAt(model, `${PROFILE}.extensionsTimeBudget`) ?? DEFAULT_BUDGET;
  const scripts = objectsAt(model, `${PROFILE}.extensions`).filter(
    (extension) => textAt(extension, 'properties.type') === 'CustomScriptExtension',
  );
  const timeout = new AbortController();
  const cancel = parts.clock.schedule(millisecondsOf(budget), () => timeout.abort());
  const signal = AbortSignal.any([parts.signal, timeout.signal]);
  let result: SetupResult = { failure: undefined, output: undefined };
  try {
    for (const extension of scripts) {
      result = await endOf(extension, { ...parts, signal }, timeout.signal);
      if (result.failure !== undefined) break;
    }
    return result;
  } finally {
    cancel();
  }
}

async function endOf(extension: JsonObject, parts: ScriptParts, timeout: AbortSignal): Promise<SetupResult> {
  const name = String(extension.name);
  let result: SetupResult;
  try {
    result = await runCustomScript(extension, parts);
  } catch (error) {
    if (!parts.signal.aborted) console.error(`the extension ${name} of a simulated VM:`, error);
    const message = error instanceof Error ? error.message : String(error);
    result = { failure: { kind: 'Failed', extension: name, exitCode: 1, message }, output: undefined };
  }
  return timeout.aborted ? { ...result, failure: { kind: 'TimedOut', extension: name } } : result;
}

/** Milliseconds of a duration in ISO 8601 such as `PT1H30M`. */
export function millisecondsOf(duration: string): number {
  const [, hours = 0, minutes = 0, seconds = 0] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(duration) ?? [];
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}
