import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The shape of a JSON body on the wire, made from the mappers that Microsoft generates into its SDK packages. A mapper
 * describes the flattened TypeScript model; `serializedName` (`properties.securityRules`) says where a value stands in JSON.
 */
export type WireType =
  | { readonly kind: 'object'; readonly shape: () => WireObject }
  | { readonly kind: 'list'; readonly element: WireType; readonly constraints: WireConstraints }
  | { readonly kind: 'map'; readonly value: WireType }
  | {
      readonly kind: 'string';
      readonly format?: 'uuid' | 'duration' | 'dateTime' | 'base64';
      readonly constraints: WireConstraints;
    }
  | { readonly kind: 'number'; readonly constraints: WireConstraints }
  | { readonly kind: 'enum'; readonly allowed: readonly string[] }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'any' };

/** Limits that a mapper states for one value. */
export interface WireConstraints {
  readonly InclusiveMinimum?: number;
  readonly InclusiveMaximum?: number;
  readonly MinLength?: number;
  readonly MaxLength?: number;
  readonly MaxItems?: number;
  readonly MinItems?: number;
  readonly Pattern?: RegExp;
}

export interface WireProperty {
  readonly type: WireType;
  readonly required: boolean;
  readonly readOnly: boolean;
}

/** One JSON object: a model class, or the `properties` bag of one. */
export interface WireObject {
  /** `SecurityRule` for the class itself, `SecurityRule.properties` for its bag; the body rules refer to this. */
  readonly key: string;
  /** The name that Azure uses for it in error messages. */
  readonly displayName: string;
  readonly properties: ReadonlyMap<string, WireProperty>;
  /** Type of members that the class does not list, for classes that allow them. */
  readonly additional: WireType | undefined;
}

/** The SDK packages whose definitions are used. */
export type DefinitionSource = 'network' | 'compute' | 'storage' | 'keyVault' | 'identity' | 'authorization' | 'locks';

interface MapperType {
  readonly name: string;
  readonly className?: string;
  readonly uberParent?: string;
  readonly element?: Mapper;
  readonly value?: Mapper;
  readonly allowedValues?: readonly (string | number)[];
  readonly modelProperties?: Readonly<Record<string, Mapper>>;
  readonly additionalProperties?: Mapper;
}

interface Mapper {
  readonly serializedName?: string;
  readonly required?: boolean;
  readonly readOnly?: boolean;
  readonly constraints?: WireConstraints;
  readonly type: MapperType;
}

const PACKAGES: Readonly<Record<DefinitionSource, { readonly name: string; readonly models: string }>> = {
  network: { name: '@azure/arm-network', models: 'dist-esm/src/models' },
  compute: { name: '@azure/arm-compute', models: 'dist/esm/models' },
  storage: { name: '@azure/arm-storage', models: 'dist/esm/models' },
  keyVault: { name: '@azure/arm-keyvault', models: 'dist/esm/models' },
  identity: { name: '@azure/arm-msi', models: 'dist/esm/models' },
  authorization: { name: '@azure/arm-authorization', models: 'dist-esm/src/models' },
  locks: { name: '@azure/arm-locks', models: 'dist-esm/src/models' },
};

/**
 * Enumerations that Azure keeps open in its definitions (so that the mapper says String) and yet refuses unknown
 * values of. Left: where the value stands; right: the package's own list of values.
 */
const OPEN_ENUMERATIONS: Readonly<Record<DefinitionSource, Readonly<Record<string, string>>>> = {
  network: {
    'SecurityRule.properties.protocol': 'KnownSecurityRuleProtocol',
    'SecurityRule.properties.access': 'KnownSecurityRuleAccess',
    'SecurityRule.properties.direction': 'KnownSecurityRuleDirection',
    'PublicIPAddressSku.name': 'KnownPublicIPAddressSkuName',
    'PublicIPAddressSku.tier': 'KnownPublicIPAddressSkuTier',
    'PublicIPAddress.properties.publicIPAllocationMethod': 'KnownIPAllocationMethod',
    'PublicIPAddress.properties.publicIPAddressVersion': 'KnownIPVersion',
    'LoadBalancerSku.name': 'KnownLoadBalancerSkuName',
    'LoadBalancerSku.tier': 'KnownLoadBalancerSkuTier',
    'Probe.properties.protocol': 'KnownProbeProtocol',
    'LoadBalancingRule.properties.protocol': 'KnownTransportProtocol',
    'LoadBalancingRule.properties.loadDistribution': 'KnownLoadDistribution',
    'InboundNatRule.properties.protocol': 'KnownTransportProtocol',
    'OutboundRule.properties.protocol': 'KnownLoadBalancerOutboundRuleProtocol',
    'Subnet.properties.privateEndpointNetworkPolicies': 'KnownVirtualNetworkPrivateEndpointNetworkPolicies',
    'Subnet.properties.privateLinkServiceNetworkPolicies': 'KnownVirtualNetworkPrivateLinkServiceNetworkPolicies',
  },
  compute: {
    'VirtualMachineScaleSet.properties.orchestrationMode': 'KnownOrchestrationMode',
    'VirtualMachineScaleSetManagedDiskParameters.storageAccountType': 'KnownStorageAccountTypes',
    'SecurityProfile.securityType': 'KnownSecurityTypes',
    'ScaleInPolicy.rules': 'KnownVirtualMachineScaleSetScaleInRules',
    'VirtualMachineScaleSetVMProfile.priority': 'KnownVirtualMachinePriorityTypes',
  },
  storage: {
    'Sku.name': 'KnownSkuName',
    'StorageAccountCreateParameters.kind': 'KnownKind',
    'StorageAccountCreateParameters.properties.minimumTlsVersion': 'KnownMinimumTlsVersion',
    'StorageAccountUpdateParameters.properties.minimumTlsVersion': 'KnownMinimumTlsVersion',
    'StorageAccountCreateParameters.properties.publicNetworkAccess': 'KnownPublicNetworkAccess',
    'StorageAccountUpdateParameters.properties.publicNetworkAccess': 'KnownPublicNetworkAccess',
    'StorageAccountCreateParameters.properties.dnsEndpointType': 'KnownDnsEndpointType',
  },
  keyVault: {
    'Sku.family': 'KnownSkuFamily',
    'Permissions.secrets': 'KnownSecretPermissions',
    'Permissions.keys': 'KnownKeyPermissions',
    'Permissions.certificates': 'KnownCertificatePermissions',
    'Permissions.storage': 'KnownStoragePermissions',
    'NetworkRuleSet.bypass': 'KnownNetworkRuleBypassOptions',
    'NetworkRuleSet.defaultAction': 'KnownNetworkRuleAction',
  },
  identity: { 'Identity.properties.isolationScope': 'KnownIsolationScope' },
  authorization: { 'RoleAssignmentCreateParameters.properties.principalType': 'KnownPrincipalType' },
  locks: { 'ManagementLockObject.properties.level': 'KnownLockLevel' },
};

/** Definitions of one SDK package. */
export interface Definitions {
  /**
   * The type of a model class.
   *
   * @throws when the package has no such class: a mistake in the simulator
   */
  readonly type: (className: string) => WireType;
}

/**
 * Loads the mappers of one package. They are imported by file path, since the packages' `exports` do not list them.
 * Each class is translated when it is first met.
 */
export async function loadDefinitions(source: DefinitionSource): Promise<Definitions> {
  const { name, models } = PACKAGES[source];
  const require = createRequire(import.meta.url);
  const folder = join(packageFolder(require, name), models);
  const importModel = (file: string): Promise<Readonly<Record<string, unknown>>> =>
    import(pathToFileURL(join(folder, file)).href);
  const [mappers, enumerations] = await Promise.all([importModel('mappers.js'), importModel('index.js')]);
  const translation: Translation = {
    source,
    mappers: mappers as Readonly<Record<string, Mapper>>,
    enumerations,
    shapes: new Map(),
  };
  return { type: (className) => ({ kind: 'object', shape: () => shapeOf(translation, className) }) };
}

/** The installed folder of a package, whichever of its files `exports` lets us resolve. */
function packageFolder(require: NodeJS.Require, name: string): string {
  const entry = require.resolve(name);
  const marker = join('node_modules', ...name.split('/'));
  const end = entry.lastIndexOf(marker);
  return end === -1 ? dirname(entry) : entry.slice(0, end + marker.length);
}

/** Mappers of a package on their way to being wire types. */
interface Translation {
  readonly source: DefinitionSource;
  readonly mappers: Readonly<Record<string, Mapper>>;
  readonly enumerations: Readonly<Record<string, unknown>>;
  /** Classes met so far. */
  readonly shapes: Map<string, WireObject>;
}

function shapeOf(translation: Translation, className: string): WireObject {
  const known = translation.shapes.get(className);
  if (known !== undefined) return known;
  const mapper = Object.values(translation.mappers).find((candidate) => candidate.type.className === className);
  if (mapper === undefined) throw new Error(`The definitions of ${translation.source} have no class ${className}.`);
  const { modelProperties = {}, additionalProperties } = mapper.type;
  const shape = objectShape(translation, className, Object.values(modelProperties), additionalProperties);
  translation.shapes.set(className, shape);
  return shape;
}

function objectShape(
  translation: Translation,
  key: string,
  members: readonly Mapper[],
  additional?: Mapper,
): WireObject {
  const properties = new Map<string, WireProperty>();
  const nested = new Map<string, Mapper[]>();
  for (const member of members) {
    const [first = '', ...rest] = splitSerializedName(member.serializedName ?? '');
    if (rest.length === 0) {
      const { required = false, readOnly = false } = member;
      properties.set(first, { type: typeOf(translation, member, `${key}.${first}`), required, readOnly });
    } else {
      nested.set(first, [...(nested.get(first) ?? []), { ...member, serializedName: rest.join('.') }]);
    }
  }
  for (const [name, inner] of nested) {
    const shape = objectShape(translation, `${key}.${name}`, inner);
    const required = inner.some((member) => member.required === true && member.readOnly !== true);
    properties.set(name, { type: { kind: 'object', shape: () => shape }, required, readOnly: false });
  }
  return {
    key,
    displayName: displayName(translation.source, key),
    properties,
    additional: additional === undefined ? undefined : typeOf(translation, additional, key),
  };
}

function typeOf(translation: Translation, { type, constraints = {} }: Mapper, key: string): WireType {
  const { className, element, value } = type;
  switch (type.name) {
    case 'Composite':
      return className === undefined
        ? { kind: 'any' }
        : { kind: 'object', shape: () => shapeOf(translation, className) };
    case 'Sequence':
      return { kind: 'list', element: element ? typeOf(translation, element, key) : { kind: 'any' }, constraints };
    case 'Dictionary':
      return { kind: 'map', value: value ? typeOf(translation, value, key) : { kind: 'any' } };
    case 'String': {
      const enumeration = OPEN_ENUMERATIONS[translation.source][key];
      return enumeration === undefined
        ? { kind: 'string', constraints }
        : { kind: 'enum', allowed: valuesOf(enumeration, translation.enumerations) };
    }
    default:
      return plainType(type, constraints);
  }
}

/** The type of a value that is neither made of others nor free text. */
function plainType(type: MapperType, constraints: WireConstraints): WireType {
  switch (type.name) {
    case 'Enum':
      return { kind: 'enum', allowed: (type.allowedValues ?? []).map(String) };
    case 'Uuid':
      return { kind: 'string', format: 'uuid', constraints };
    case 'TimeSpan':
      return { kind: 'string', format: 'duration', constraints };
    case 'Date':
    case 'DateTime':
    case 'DateTimeRfc1123':
      return { kind: 'string', format: 'dateTime', constraints };
    case 'ByteArray':
    case 'Base64Url':
      return { kind: 'string', format: 'base64', constraints };
    case 'Number':
      return { kind: 'number', constraints };
    case 'Boolean':
      return { kind: 'boolean' };
    default:
      return { kind: 'any' };
  }
}

/** @throws when the package has no such enumeration: a mistake in the simulator */
function valuesOf(enumeration: string, enumerations: Readonly<Record<string, unknown>>): readonly string[] {
  const values = enumerations[enumeration];
  if (typeof values !== 'object' || values === null) throw new Error(`There is no enumeration ${enumeration}.`);
  return Object.values(values).map(String);
}

/** Splits `properties.networkAcls` at its dots; an escaped dot (`@odata\\.type`) belongs to the name. */
function splitSerializedName(serializedName: string): string[] {
  return serializedName.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'));
}

function displayName(source: DefinitionSource, key: string): string {
  const [className = key, ...bag] = key.split('.');
  if (bag.length === 0) return source === 'network' && className === 'SubResource' ? 'ResourceReference' : className;
  return source === 'compute' ? 'Properties' : `${className}PropertiesFormat`;
}
