import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { Agent, request } from 'undici';
import type { ObservedResources, ResourceKey } from '../../../src/azure/desired-resource.ts';
import { writePkcs12 } from '../../../src/certificates/pkcs12.ts';
import type { GatewayDeployment } from '../../../src/gateway/deployment.ts';
import { gatewayGraph } from '../../../src/gateway/graph.ts';
import { resourceIds } from '../../../src/gateway/ids.ts';
import { blobEndpoint } from '../../../src/gateway/outputs.ts';
import { packageBlobName, settingsFile, setupFileUrl } from '../../../src/gateway/setup-files.ts';
import { VM_MODELS } from '../../../src/gateway/vm-models.ts';
import type { JsonObject } from '../../../src/json.ts';
import type { IssuedCertificate } from '../../certificate-authority.ts';
import { textAt } from '../arm/json-path.ts';
import type { ArmSimulator } from '../arm/simulator.ts';

/** A gateway in a simulated Azure without an operator: the operator's own graph, written as it stands. */
export interface SampleGateway {
  readonly deployment: GatewayDeployment;
  readonly scaleSetId: string;
  /** Its public address. */
  readonly address: string;
  /** Writes what a changed deployment asks for; VMs that are there stay on their model. */
  write(changes: Partial<GatewayDeployment>): Promise<void>;
  /** Does something to all VMs, such as `manualupgrade` or `poweroff`. */
  act(action: string, instanceIds?: readonly string[]): void;
  /** The instance views of the VMs, as a client gets them. */
  views(): readonly JsonObject[];
}

/** What differs between the gateways of tests. */
export interface SampleGatewayOptions {
  readonly certificate: IssuedCertificate;
  readonly package: Uint8Array;
  readonly changes?: Partial<GatewayDeployment>;
}

const COMPUTE = 'api-version=2024-11-01';

/** A deployment whose certificate and package are real. */
export async function deploymentFor(
  azure: ArmSimulator,
  { certificate, package: archive, changes = {} }: SampleGatewayOptions,
): Promise<GatewayDeployment> {
  return {
    id: 'd1',
    owner: { installationId: 'test', namespace: 'default', name: 'contoso', clusterUid: 'c' },
    tenantId: azure.tenantId,
    subscriptionId: azure.subscriptionId,
    region: 'westeurope',
    resourceGroup: { name: 'rg-contoso', mode: 'Create' },
    serviceName: 'contoso.contoso.com',
    prefix: 'contoso',
    vmSku: 'Standard_D4ads_v6',
    vmModel: VM_MODELS[0],
    instances: 1,
    contentEnabled: true,
    clientAuthentication: { trustedCertificates: [], verifyRevocation: true },
    minimumTlsVersion: '1.2',
    entra: undefined,
    authorityHost: azure.url,
    servicePackage: { sha256: createHash('sha256').update(archive).digest('hex') },
    certificate: await certificateOf(certificate),
    operatorPrincipalId: azure.control.application().principal.objectId,
    adminPassword: () => 'Made-up-1234567890',
    ...changes,
  };
}

/** A certificate as a deployment has it. */
export async function certificateOf(issued: IssuedCertificate): Promise<GatewayDeployment['certificate']> {
  const chain = issued.chainPem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
  const certificates = chain.map((pem) => new X509Certificate(pem));
  const pkcs12 = (await writePkcs12(certificates, createPrivateKey(issued.privateKeyPem))).toString('base64');
  return {
    sha256Fingerprint: new X509Certificate(issued.certificatePem).fingerprint256.replaceAll(':', '').toLowerCase(),
    chainSha256: createHash('sha256').update(issued.chainPem).digest('hex'),
    pkcs12: async () => pkcs12,
  };
}

/** Makes all resources of a gateway at full speed. Its VMs are then at their setup. Several need prefixes and groups of their own. */
export async function makeSampleGateway(azure: ArmSimulator, options: SampleGatewayOptions): Promise<SampleGateway> {
  azure.control.settings.durationFactor = 0;
  azure.control.settings.roleLagSeconds = 0;
  let deployment = await deploymentFor(azure, options);
  const ids = resourceIds(deployment);
  const write = async (changes: Partial<GatewayDeployment>) => {
    deployment = { ...deployment, ...changes };
    await writeGraph(azure, deployment, options.package);
  };
  await write({});
  return {
    get deployment() {
      return deployment;
    },
    scaleSetId: ids.scaleSet,
    address: textAt(azure.control.resource(ids.publicIpAddress), 'properties.ipAddress') ?? '',
    write,
    act: (action, instanceIds = ['*']) => {
      const answer = azure.control.call('POST', `${ids.scaleSet}/${action}?${COMPUTE}`, { instanceIds });
      if (answer.status !== 202) throw new Error(`${action}: ${JSON.stringify(answer)}`);
    },
    views: () => {
      const answer = azure.control.call('GET', `${ids.scaleSet}/virtualMachines?$expand=instanceView&${COMPUTE}`);
      const { value } = answer.body as { readonly value: readonly { readonly properties: JsonObject }[] };
      return value.map(({ properties }) => properties.instanceView as JsonObject);
    },
  };
}

async function writeGraph(azure: ArmSimulator, deployment: GatewayDeployment, archive: Uint8Array): Promise<void> {
  const observed = new Map<ResourceKey, JsonObject>();
  const written = new Set<ResourceKey>();
  for (let next = nextOf(deployment, observed, written); next !== undefined; ) {
    if (next.key === 'scaleSet') await upload(azure, deployment, observed, archive);
    const declared = next.desired(observed);
    if (declared === undefined) throw new Error(`${next.key} waits for something.`);
    const body = (await next.withSecrets?.(declared)) ?? declared;
    const answer = azure.control.call('PUT', `${next.id}?api-version=${next.apiVersion}`, body);
    const stored = azure.control.resource(next.id);
    if (answer.status >= 300 || stored === undefined) throw new Error(`${next.key}: ${JSON.stringify(answer.body)}`);
    observed.set(next.key, stored);
    written.add(next.key);
    next = nextOf(deployment, observed, written);
  }
}

/** The roles of the identity join the graph only when it is there, so the graph is asked anew each time. */
function nextOf(deployment: GatewayDeployment, observed: ObservedResources, written: ReadonlySet<ResourceKey>) {
  return gatewayGraph(deployment, observed).find(({ key }) => !written.has(key));
}

/** Uploads service package and settings as the operator's application. */
async function upload(
  azure: ArmSimulator,
  deployment: GatewayDeployment,
  observed: ObservedResources,
  archive: Uint8Array,
): Promise<void> {
  const settings = settingsFile(deployment);
  const endpoint = blobEndpoint(observed) ?? '';
  const files = [
    [packageBlobName(deployment.servicePackage.sha256), archive],
    [settings.name, settings.content],
  ] as const;
  for (const [name, content] of files) await putBlob(azure, setupFileUrl(endpoint, name), content);
}

/** Writes a blob as the operator's application. */
export async function putBlob(azure: ArmSimulator, url: string, content: Uint8Array): Promise<void> {
  const dispatcher = new Agent({ connect: { ca: azure.caPem } });
  try {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: azure.clientId,
      client_secret: azure.clientSecret,
      scope: 'https://storage.azure.com/.default',
    });
    const signIn = await request(`${azure.url}/${azure.tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    });
    const { access_token } = (await signIn.body.json()) as { readonly access_token: string };
    const answer = await request(url, {
      method: 'PUT',
      dispatcher,
      headers: { Authorization: `Bearer ${access_token}`, 'x-ms-version': '2021-12-02', 'x-ms-blob-type': 'BlockBlob' },
      body: content,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 201) throw new Error(`The blob ${url} was not taken: ${answer.statusCode} ${text}`);
  } finally {
    await dispatcher.close();
  }
}
