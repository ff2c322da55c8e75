import { type ApiClient, MERGE_PATCH, waitFor } from '../cluster/api-client.ts';
import { apply, isReady, readCmg } from '../demo/steps.ts';
import { certificateSecret, gatewayManifests, type Manifest, pathOf } from '../world/gateway-manifests.ts';
import type { SimulatedWorld } from '../world/simulated-world.ts';

const NAMESPACE = 'gateways';
const PATIENCE_MS = 120_000;
const DAY_MS = 86_400_000;

export interface Stage {
  readonly world: SimulatedWorld;
  readonly api: ApiClient;
  readonly tell: (what: string) => void;
  /** Resolves after so many seconds; rejects when somebody interrupts. */
  readonly pass: (seconds: number) => Promise<void>;
  /** Kills the replica that leads. */
  readonly killLeader: () => Promise<void>;
}

/** What happens to three gateways in about two minutes, so that every panel has something to show. */
export async function playFleet(stage: Stage): Promise<void> {
  const { world, api, tell, pass } = stage;
  await api.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  tell('two gateways are made');
  const granitefalls = await gateway(stage, 'granitefalls', 365);
  const bluemountain = await gateway(stage, 'bluemountain', 40);
  await untilReady(api, granitefalls.cmg, bluemountain.cmg);
  await pass(10);

  tell('a third one with a mistake in its region');
  const riverside = await gateway(stage, 'riverside', 200, 'westurope');
  await pass(12);
  tell('one is scaled out, the mistake is corrected');
  await api.call('PATCH', pathOf(granitefalls.cmg), { spec: { vm: { instances: 4 } } }, MERGE_PATCH);
  await api.call('PATCH', pathOf(riverside.cmg), { spec: { azure: { region: 'westeurope' } } }, MERGE_PATCH);
  await untilReady(api, granitefalls.cmg, riverside.cmg);

  tell('somebody changes a load balancer and deletes a rule');
  const { control } = world.azure;
  for (const name of ['granitefalls', 'bluemountain']) {
    const balancer = control.state().find(({ id }) => String(id).endsWith(`/loadBalancers/${name}`));
    control.mutate(String(balancer?.id), { properties: { loadBalancingRules: [] } });
    await pass(8);
  }
  tell('Azure asks for patience');
  control.faults.add({
    match: { method: 'GET', urlPattern: 'Microsoft.Network' },
    action: { kind: 'answer', status: 429, code: 'TooManyRequests', headers: { 'Retry-After': '9' } },
  });
  tell('a certificate is renewed');
  const renewed = await world.authority.issue({ commonName: 'bluemountain.contoso.com', organization: 'Contoso' });
  await apply(api, certificateSecret(NAMESPACE, 'bluemountain-tls', renewed, world));
  await pass(12);
  tell('one gets another service name, so that another gateway takes its place');
  await rename(stage, bluemountain.cmg, 'bluemountain2');
  await pass(20);
  tell('the leader is killed, the other replica takes over');
  await stage.killLeader();
  await pass(35);
}

async function rename({ world, api }: Stage, cmg: Manifest, label: string): Promise<void> {
  const serviceName = `${label}.contoso.com`;
  const certificate = await world.authority.issue({ commonName: serviceName, organization: 'Contoso' });
  await apply(api, certificateSecret(NAMESPACE, `${label}-tls`, certificate, world));
  const spec = { serviceName, serverCertificate: { secretRef: { name: `${label}-tls` } } };
  await api.call('PATCH', pathOf(cmg), { spec }, MERGE_PATCH);
}

async function gateway({ world, api }: Stage, name: string, days: number, region = 'westeurope') {
  const serviceName = `${name}.contoso.com`;
  const certificate = await world.authority.issue({
    commonName: serviceName,
    organization: 'Contoso',
    notAfter: new Date(Date.now() + days * DAY_MS),
  });
  const manifests = gatewayManifests(world, { namespace: NAMESPACE, name, serviceName, certificate });
  const { azure, ...spec } = manifests.cmg.spec as { readonly azure: object };
  const cmg: Manifest = {
    ...manifests.cmg,
    spec: { ...spec, azure: { ...azure, region }, vm: { size: 'Standard', instances: 2 } },
  };
  for (const manifest of [manifests.certificate, manifests.credentials, cmg]) {
    if (manifest !== undefined) await apply(api, manifest);
  }
  return { ...manifests, cmg };
}

async function untilReady(api: ApiClient, ...manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    await waitFor(
      `${manifest.metadata.name} to be Ready`,
      async () => isReady(await readCmg(api, manifest)) || undefined,
      PATIENCE_MS,
    );
  }
}

/** What the variables of the dashboards stand for in the pictures. */
export const CHOSEN = { namespace: NAMESPACE, name: 'bluemountain' } as const;
