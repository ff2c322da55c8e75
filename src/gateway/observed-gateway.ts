import type { CMGSpec } from '../api/v1alpha1/cmg.generated.ts';
import { formatResourceId, parentId } from '../azure/resource-id.ts';
import { type JsonObject, type JsonValue, valueAt } from '../json.ts';
import { API_VERSIONS } from './api-versions.ts';
import { prefixOf, storageAccountName } from './deployment.ts';
import { listOf, objectOf } from './instance-view.ts';

/** What a gateway consists of. */
export type DeploymentModel = CMGSpec['deploymentModel'];

/** A type of resource that is a gateway's heart, which carries the prefix as its name whoever made it. */
export interface HeartType {
  readonly type: string;
  /** As status names it. */
  readonly key: string;
  readonly model: DeploymentModel;
  readonly apiVersion: string;
}

/**
 * A scale set since version 2107 of Configuration Manager; before, a classic cloud service, which Azure retired on 31 August
 * 2024, or one with extended support, which it retires on 31 March 2027. Each is named by the prefix of the service name
 * ("CMG server authentication certificate").
 */
export const HEART_TYPES: readonly HeartType[] = [
  {
    type: 'Microsoft.Compute/virtualMachineScaleSets',
    key: 'scaleSet',
    model: 'VirtualMachineScaleSet',
    apiVersion: API_VERSIONS.compute,
  },
  {
    type: 'Microsoft.ClassicCompute/domainNames',
    key: 'classicCloudService',
    model: 'CloudServiceClassic',
    apiVersion: '2016-04-01',
  },
  {
    type: 'Microsoft.Compute/cloudServices',
    key: 'cloudService',
    model: 'CloudServiceClassic',
    apiVersion: '2024-11-04',
  },
];

/** The type of a heart, by its name in whatever case. */
export function heartType(type: string): HeartType | undefined {
  return HEART_TYPES.find((heart) => heart.type.toLowerCase() === type.toLowerCase());
}

/** The gateway that is looked for. */
export interface SoughtGateway {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly serviceName: string;
  readonly model: DeploymentModel;
}

/** Where a heart of this type would be. */
export function heartId({ subscriptionId, resourceGroup, serviceName }: SoughtGateway, { type }: HeartType): string {
  return formatResourceId(subscriptionId, resourceGroup, type, prefixOf(serviceName));
}

/** A resource that belongs to a gateway, and how it is read. */
export interface GatewayPart {
  /** What it is to the gateway, as status names it. */
  readonly key: string;
  readonly id: string;
  readonly apiVersion: string;
}

/**
 * What belongs to the gateway besides its heart, as far as it is known without another look: what the heart refers to, and
 * key vault and storage account, which carry the prefix as their names. Names of all others are not published.
 */
export function partsOf(sought: SoughtGateway, heart: JsonObject): readonly GatewayPart[] {
  const { subscriptionId, resourceGroup, serviceName } = sought;
  const prefix = prefixOf(serviceName);
  const named = (key: string, type: string, name: string, apiVersion: string): GatewayPart => ({
    key,
    id: formatResourceId(subscriptionId, resourceGroup, type, name),
    apiVersion,
  });
  return distinct([
    ...identitiesOf(heart),
    ...networkPartsOf(heart),
    ...publicAddressesOf(frontendsOfCloudService(heart)),
    named('vault', 'Microsoft.KeyVault/vaults', prefix, API_VERSIONS.keyVault),
    named('storageAccount', 'Microsoft.Storage/storageAccounts', storageAccountName(prefix), API_VERSIONS.storage),
  ]);
}

/** What a load balancer leads to: its public addresses. */
export function partsOfLoadBalancer(loadBalancer: JsonObject): readonly GatewayPart[] {
  return distinct(publicAddressesOf(valueAt(loadBalancer, 'properties', 'frontendIPConfigurations')));
}

function identitiesOf(heart: JsonObject): readonly GatewayPart[] {
  const ids = Object.keys(objectOf(valueAt(heart, 'identity', 'userAssignedIdentities')));
  return ids.map((id) => ({ key: 'identity', id, apiVersion: API_VERSIONS.managedIdentity }));
}

function networkPartsOf(scaleSet: JsonObject): readonly GatewayPart[] {
  const network = (key: string, id: string | undefined): readonly GatewayPart[] =>
    id === undefined ? [] : [{ key, id, apiVersion: API_VERSIONS.network }];
  const profile = valueAt(scaleSet, 'properties', 'virtualMachineProfile', 'networkProfile');
  return listOf(objectOf(profile).networkInterfaceConfigurations).flatMap((card) => [
    ...network('networkSecurityGroup', idAt(card, 'properties', 'networkSecurityGroup')),
    ...listOf(valueAt(card, 'properties', 'ipConfigurations')).flatMap((configuration) => [
      ...network('virtualNetwork', ownerOf(idAt(configuration, 'properties', 'subnet'))),
      ...listOf(valueAt(configuration, 'properties', 'loadBalancerBackendAddressPools')).flatMap((pool) =>
        network('loadBalancer', ownerOf(idAt(pool))),
      ),
    ]),
  ]);
}

function frontendsOfCloudService(cloudService: JsonObject): JsonValue {
  return listOf(valueAt(cloudService, 'properties', 'networkProfile', 'loadBalancerConfigurations')).flatMap(
    (balancer) => listOf(valueAt(balancer, 'properties', 'frontendIpConfigurations')),
  );
}

function publicAddressesOf(frontends: JsonValue | undefined): readonly GatewayPart[] {
  return listOf(frontends).flatMap((frontend) => {
    const id = idAt(frontend, 'properties', 'publicIPAddress');
    return id === undefined ? [] : [{ key: 'publicIpAddress', id, apiVersion: API_VERSIONS.network }];
  });
}

/** VMs that Azure is to run of this gateway; `undefined` where the heart does not say. */
export function wantedInstances(heart: JsonObject): number | undefined {
  const capacities = [
    valueAt(heart, 'sku', 'capacity'),
    ...listOf(valueAt(heart, 'properties', 'roleProfile', 'roles')).map((role) => valueAt(role, 'sku', 'capacity')),
  ].filter((capacity) => typeof capacity === 'number');
  return capacities.length === 0 ? undefined : capacities.reduce((sum, capacity) => sum + capacity, 0);
}

/** The name that Azure gives a classic cloud service, such as `granitefalls.cloudapp.net`. */
export function classicHostName(heart: JsonObject): string | undefined {
  const name = valueAt(heart, 'properties', 'hostName');
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Whether a classic cloud service runs, by Azure's own word; `undefined` for a heart that has none. */
export function classicStatus(heart: JsonObject): string | undefined {
  const status = valueAt(heart, 'properties', 'status');
  return typeof status === 'string' ? status : undefined;
}

/** Two references to one resource are one part; of several of a kind the first counts, as status names each kind once. */
function distinct(parts: readonly GatewayPart[]): readonly GatewayPart[] {
  return parts.filter(({ key }, index) => parts.findIndex((other) => other.key === key) === index);
}

function ownerOf(id: string | undefined): string | undefined {
  return id === undefined ? undefined : parentId(id);
}

function idAt(value: JsonValue | undefined, ...path: readonly string[]): string | undefined {
  const id = valueAt(value, ...path, 'id');
  return typeof id === 'string' && id !== '' ? id : undefined;
}
