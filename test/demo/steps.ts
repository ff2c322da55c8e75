import type { CMG, CMGStatusDeployment } from '../../src/api/v1alpha1/cmg.generated.ts';
import { findCondition } from '../../src/runtime/conditions.ts';
import { APPLY_PATCH, type ApiClient } from '../cluster/api-client.ts';
import type { Manifest } from '../world/gateway-manifests.ts';
import { pathOf } from '../world/gateway-manifests.ts';
import type { Screen } from './screen.ts';

/** How often the demo looks at the cluster, in milliseconds of the machine's clock. */
const LOOK_EVERY_MS = 200;

/** Applies a manifest as `kubectl apply --server-side` would. */
export async function apply(api: ApiClient, manifest: Manifest): Promise<void> {
  await api.call('PATCH', `${pathOf(manifest)}?fieldManager=demo&force=true`, manifest, APPLY_PATCH);
}

export async function readCmg(api: ApiClient, manifest: Manifest): Promise<CMG> {
  return (await api.call('GET', pathOf(manifest))) as CMG;
}

/** A step that did not come to its end: what was expected and what was seen last. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/**
 * Watches a CMG until `reached` tells what was seen, showing it meanwhile.
 *
 * @param limitMs milliseconds after which the step counts as failed
 */
export async function watchUntil(
  options: {
    readonly api: ApiClient;
    readonly manifest: Manifest;
    readonly screen: Screen;
    readonly signal: AbortSignal;
    readonly limitMs: number;
    readonly expected: string;
  },
  reached: (cmg: CMG) => Promise<string | undefined> | string | undefined,
): Promise<string> {
  const { api, manifest, screen, signal, limitMs, expected } = options;
  const end = performance.now() + limitMs;
  for (;;) {
    signal.throwIfAborted();
    const cmg = await readCmg(api, manifest);
    screen.show(describeCmg(cmg));
    const seen = await reached(cmg);
    if (seen !== undefined) {
      return seen;
    }
    if (performance.now() > end) {
      const last = findCondition(cmg.status?.conditions, 'Ready')?.message ?? 'no status at all';
      throw new StepFailed(`Not seen within ${limitMs / 1000} s: ${expected}. The CMG says: ${last}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

const MARKS: Readonly<Record<string, string>> = { Succeeded: '●', Absent: '○' };

/** The CMG as rows: what `Ready` says, then each Azure resource with its state. */
export function describeCmg({ status }: CMG): readonly string[] {
  const ready = findCondition(status?.conditions, 'Ready');
  const deployment = status?.deployments?.[0];
  const rows = deployment === undefined ? [] : describeResources(deployment);
  const summary = ready === undefined ? 'no status yet' : `Ready=${ready.status} ${ready.reason}: ${ready.message}`;
  const inSync = findCondition(status?.conditions, 'InSync');
  const drift = inSync?.status === 'False' ? [`InSync=False ${inSync.reason}: ${inSync.message}`] : [];
  const vms =
    deployment?.instances === undefined
      ? []
      : [`VMs: ${deployment.instances.ready} of ${deployment.instances.wanted} serve`];
  return [summary, ...drift, ...rows, ...vms];
}

/** The Azure resources of a gateway, a row each. */
export function describeResources({ resources = [] }: CMGStatusDeployment): readonly string[] {
  return resources.map(({ name, provisioningState = 'unknown', operation }) => {
    const work = operation === undefined ? '' : ` (${operation.verb})`;
    return `${MARKS[provisioningState] ?? '◐'} ${name.padEnd(22)} ${provisioningState}${work}`;
  });
}

/** Whether the CMG is Ready with its latest generation. */
export function isReady({ metadata, status }: CMG): boolean {
  const ready = findCondition(status?.conditions, 'Ready');
  return ready?.status === 'True' && ready.observedGeneration === metadata.generation;
}
