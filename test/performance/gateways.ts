import type { CMG } from '../../src/api/v1alpha1/cmg.generated.ts';
import { sleep, systemClock } from '../../src/runtime/clock.ts';
import { APPLY_PATCH, type ApiClient } from '../cluster/api-client.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { installDefinitions } from '../cluster/definitions.ts';
import { gatewayManifests, type Manifest, pathOf } from '../world/gateway-manifests.ts';
import type { SimulatedWorld } from '../world/simulated-world.ts';

/** What benchmarks do with gateways in a cluster. */

/** Runs something on a control plane of its own with the definitions installed. */
export async function withControlPlane<T>(signal: AbortSignal, run: (plane: ControlPlane) => Promise<T>): Promise<T> {
  const plane = await startControlPlane({ signal });
  try {
    await installDefinitions(plane.api);
    signal.throwIfAborted();
    return await run(plane);
  } finally {
    await plane.stop();
  }
}

/** Write requests that the API server has counted for the kinds that the operator writes. */
export async function writesOf(api: ApiClient): Promise<number> {
  const metrics = String(await api.call('GET', '/metrics'));
  const series = /^apiserver_request_total\{([^}]*)\} (\S+)$/gm;
  let total = 0;
  for (const [, labels = '', value] of metrics.matchAll(series)) {
    const write = /verb="(POST|PUT|PATCH|APPLY|DELETE)"/.test(labels);
    if (write && /resource="(cmgs|secrets|events)"/.test(labels)) {
      total += Number(value);
    }
  }
  return total;
}

/** The manifests of a gateway, with a certificate of its own. */
export async function prepareGateway(world: SimulatedWorld, name: string, serviceName: string) {
  const certificate = await world.authority.issue({ commonName: serviceName, organization: 'Contoso' });
  return gatewayManifests(world, { namespace: 'default', name, serviceName, certificate });
}

/** Applies a gateway and returns its CMG. */
export async function applyGateway(api: ApiClient, world: SimulatedWorld, name: string, serviceName: string) {
  const manifests = await prepareGateway(world, name, serviceName);
  await applyAll(api, manifests);
  return manifests.cmg;
}

/** Applies the manifests of a gateway. */
export async function applyAll(api: ApiClient, manifests: ReturnType<typeof gatewayManifests>): Promise<void> {
  for (const manifest of [manifests.credentials, manifests.certificate, manifests.cmg]) {
    if (manifest !== undefined) {
      await apply(api, manifest);
    }
  }
}

/** Applies one manifest, as `kubectl apply --server-side` does. */
export async function apply(api: ApiClient, manifest: Manifest): Promise<void> {
  await api.call('PATCH', `${pathOf(manifest)}?fieldManager=bench&force=true`, manifest, APPLY_PATCH);
}

/** Waits until all of `cmgs` are Ready; fails after `limitMs` milliseconds, with what one of the others says. */
export async function untilReady(api: ApiClient, cmgs: readonly Manifest[], limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  const waiting = new Set(cmgs.map(({ metadata }) => metadata.name));
  for (;;) {
    const { items } = (await api.call('GET', '/apis/configmgr.io/v1alpha1/namespaces/default/cmgs')) as {
      items: readonly CMG[];
    };
    for (const { metadata, status } of items) {
      if (status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')) {
        waiting.delete(metadata.name);
      }
    }
    if (waiting.size === 0) {
      return;
    }
    if (performance.now() > deadline) {
      const first = items.find(({ metadata }) => waiting.has(metadata.name));
      throw new Error(`${waiting.size} gateways are not Ready; one says: ${JSON.stringify(first?.status?.conditions)}`);
    }
    // To list many is work for the API server, and for this process, in which Azure is simulated.
    await sleep(systemClock, Math.max(100, (cmgs.length - 100) * 5));
  }
}
