import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';
import { bodyRules } from './body-rules.ts';
import {
  type DefinitionSource,
  type Definitions,
  loadDefinitions,
  type WireConstraints,
  type WireObject,
  type WireType,
} from './wire-schema.ts';

/** Judges request bodies of the resource providers by Microsoft's own definitions. */

/** What can be wrong with a value of a body. */
export type BodyFaultKind = 'unknown' | 'type' | 'readOnly' | 'missing' | 'value';

/** One thing that a provider would refuse. */
export interface BodyFault {
  readonly kind: BodyFaultKind;
  /** Where it is in the body, such as `properties.securityRules[0].properties.priority`. */
  readonly path: string;
  /** The name of the property alone. */
  readonly property: string;
  /** The type that Azure names in its message. */
  readonly owner: string;
  /** A sentence without the path; holds no value that could be a secret. */
  readonly message: string;
  /** Azure's own code for it, when it has one beside the general code of the provider. */
  readonly code?: string;
}

/** The bodies that can be judged: where the definition comes from, and the class in it. */
const BODY_TYPES = {
  networkSecurityGroup: ['network', 'NetworkSecurityGroup'],
  securityRule: ['network', 'SecurityRule'],
  virtualNetwork: ['network', 'VirtualNetwork'],
  subnet: ['network', 'Subnet'],
  publicIPAddress: ['network', 'PublicIPAddress'],
  loadBalancer: ['network', 'LoadBalancer'],
  networkTags: ['network', 'TagsObject'],
  scaleSet: ['compute', 'VirtualMachineScaleSet'],
  scaleSetUpdate: ['compute', 'VirtualMachineScaleSetUpdate'],
  scaleSetExtension: ['compute', 'VirtualMachineScaleSetExtension'],
  scaleSetInstanceIds: ['compute', 'VirtualMachineScaleSetVMInstanceIDs'],
  scaleSetRequiredInstanceIds: ['compute', 'VirtualMachineScaleSetVMInstanceRequiredIDs'],
  storageAccount: ['storage', 'StorageAccountCreateParameters'],
  storageAccountUpdate: ['storage', 'StorageAccountUpdateParameters'],
  blobService: ['storage', 'BlobServiceProperties'],
  blobContainer: ['storage', 'BlobContainer'],
  vault: ['keyVault', 'VaultCreateOrUpdateParameters'],
  vaultPatch: ['keyVault', 'VaultPatchParameters'],
  vaultSecret: ['keyVault', 'SecretCreateOrUpdateParameters'],
  identity: ['identity', 'Identity'],
  identityUpdate: ['identity', 'IdentityUpdate'],
  roleAssignment: ['authorization', 'RoleAssignmentCreateParameters'],
  lock: ['locks', 'ManagementLockObject'],
} as const satisfies Readonly<Record<string, readonly [DefinitionSource, string]>>;

/** Names a kind of request body. */
export type BodyType = keyof typeof BODY_TYPES;

/** Judges bodies of every {@link BodyType}. */
export type BodyJudge = (type: BodyType, body: JsonValue, current?: JsonObject) => BodyFault[];

const SOURCES: readonly DefinitionSource[] = [
  'network',
  'compute',
  'storage',
  'keyVault',
  'identity',
  'authorization',
  'locks',
];

/**
 * Loads Microsoft's definitions (about a tenth of a second) and returns the judge.
 *
 * The judge takes the resource as it is now as `current` (or what of it is fixed by the URL: id, name and type). A
 * property that only the service sets is no fault when it repeats what the service answered: a client that reads,
 * changes and writes back sends those, and Azure lets them pass.
 */
export async function loadBodyJudge(): Promise<BodyJudge> {
  const loaded = await Promise.all(SOURCES.map(async (source) => [source, await loadDefinitions(source)] as const));
  const definitions = new Map<DefinitionSource, Definitions>(loaded);
  return (type, body, current) => {
    const [source, className] = BODY_TYPES[type];
    const wireType = definitions.get(source)?.type(className);
    if (wireType === undefined) throw new Error(`No definitions of ${source} are loaded.`);
    return judgeValue(wireType, body, current, { path: '', property: '', owner: className });
  };
}

/** Where a value stands. */
interface Place {
  readonly path: string;
  readonly property: string;
  readonly owner: string;
}

function judgeValue(type: WireType, value: JsonValue, current: JsonValue | undefined, place: Place): BodyFault[] {
  if (value === null || type.kind === 'any') return [];
  switch (type.kind) {
    case 'object':
      return isJsonObject(value) ? judgeObject(type.shape(), value, current, place) : [mistyped(type, value, place)];
    case 'map': {
      if (!isJsonObject(value)) return [mistyped(type, value, place)];
      return members(value).flatMap(([key, item]) =>
        judgeValue(type.value, item, isJsonObject(current) ? current[key] : undefined, {
          ...place,
          path: `${place.path}['${key}']`,
          property: key,
        }),
      );
    }
    case 'list': {
      if (!Array.isArray(value)) return [mistyped(type, value, place)];
      const faults = (value as readonly JsonValue[]).flatMap((item, index) =>
        judgeValue(type.element, item, counterpart(item, index, current), {
          ...place,
          path: `${place.path}[${index}]`,
        }),
      );
      return [...faults, ...judgeLimits(type.constraints, value.length, undefined, place)];
    }
    case 'enum':
      if (typeof value !== 'string') return [mistyped(type, value, place)];
      return isAllowed(type.allowed, value, place)
        ? []
        : [
            {
              ...place,
              kind: 'value',
              message: `Error converting value "${value}": the property ${place.property} takes ${type.allowed.join(', ')}.`,
            },
          ];
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return [mistyped(type, value, place)];
      return judgeLimits(type.constraints, undefined, value, place);
    case 'boolean':
      return typeof value === 'boolean' ? [] : [mistyped(type, value, place)];
    case 'string':
      if (typeof value !== 'string' || !isFormatted(type.format, value)) return [mistyped(type, value, place)];
      if (type.constraints.Pattern !== undefined && !new RegExp(type.constraints.Pattern).test(value)) {
        return [
          {
            ...place,
            kind: 'value',
            message: `The property ${place.property} does not match ${type.constraints.Pattern}.`,
          },
        ];
      }
      return judgeLimits(type.constraints, value.length, undefined, place);
    default:
      return type satisfies never;
  }
}

function judgeObject(shape: WireObject, value: JsonObject, current: JsonValue | undefined, place: Place): BodyFault[] {
  const now = isJsonObject(current) ? current : undefined;
  const within = (property: string): Place => ({
    path: place.path === '' ? property : `${place.path}.${property}`,
    property,
    owner: shape.displayName,
  });
  const faults: BodyFault[] = [];
  for (const [name, item] of members(value)) {
    const property = shape.properties.get(name);
    const here = within(name);
    if (property === undefined && shape.additional !== undefined) {
      faults.push(...judgeValue(shape.additional, item, now?.[name], here));
    } else if (property === undefined || property.readOnly) {
      if (item === null || repeatsAnswer(name, item, now)) continue;
      faults.push(property === undefined ? unknownMember(here) : readOnlyMember(here));
    } else {
      faults.push(...judgeValue(property.type, item, now?.[name], here));
    }
  }
  for (const [name, property] of shape.properties) {
    if (property.required && !property.readOnly && (value[name] === undefined || value[name] === null)) {
      faults.push({ ...within(name), kind: 'missing', message: `Required property '${name}' not found in JSON.` });
    }
  }
  for (const violation of (bodyRules[shape.key] ?? []).flatMap((rule) => rule(value))) {
    const { property, message, code, missing } = violation;
    // A rule and the mapper may both miss the same property.
    if (faults.some((fault) => fault.path === within(property).path)) continue;
    faults.push({
      ...within(property),
      kind: missing ? 'missing' : 'value',
      message,
      ...(code === undefined ? {} : { code }),
    });
  }
  return faults;
}

/** Properties that move by themselves between a read and the write that sends them back. */
const MOVING = new Set(['etag', 'provisioningState']);

function repeatsAnswer(name: string, item: JsonValue, now: JsonObject | undefined): boolean {
  const answered = now?.[name];
  if (answered === undefined) return false;
  if (MOVING.has(name)) return typeof item === 'string';
  // Ids compare without regard to case, and so do names and types.
  return typeof item === 'string' && typeof answered === 'string'
    ? item.toLowerCase() === answered.toLowerCase()
    : isDeepStrictEqual(item, answered);
}

/** The item of the current list that an item of the body stands for: the one of the same name, else the same place. */
function counterpart(item: JsonValue, index: number, current: JsonValue | undefined): JsonValue | undefined {
  if (!Array.isArray(current)) return undefined;
  const list = current as readonly JsonValue[];
  const name = isJsonObject(item) ? item.name : undefined;
  return name === undefined ? list[index] : list.find((other) => isJsonObject(other) && other.name === name);
}

function judgeLimits(
  limits: WireConstraints,
  length: number | undefined,
  value: number | undefined,
  place: Place,
): BodyFault[] {
  const tooShort = length !== undefined && length < (limits.MinLength ?? limits.MinItems ?? 0);
  const tooLong = length !== undefined && length > (limits.MaxLength ?? limits.MaxItems ?? Number.POSITIVE_INFINITY);
  const tooSmall = value !== undefined && value < (limits.InclusiveMinimum ?? Number.NEGATIVE_INFINITY);
  const tooLarge = value !== undefined && value > (limits.InclusiveMaximum ?? Number.POSITIVE_INFINITY);
  if (!(tooShort || tooLong || tooSmall || tooLarge)) return [];
  const allowed = JSON.stringify({ ...limits, Pattern: undefined });
  return [{ ...place, kind: 'value', message: `The property ${place.property} is outside its limits ${allowed}.` }];
}

/** Whether an enumeration holds a value. Storage takes `Logging, Metrics` for `networkAcls.bypass`: several at once. */
function isAllowed(allowed: readonly string[], value: string, place: Place): boolean {
  if (allowed.includes(value)) return true;
  return place.property === 'bypass' && value.split(',').every((part) => allowed.includes(part.trim()));
}

function isFormatted(format: 'uuid' | 'duration' | 'dateTime' | 'base64' | undefined, value: string): boolean {
  switch (format) {
    case 'uuid':
      return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
    case 'duration':
      return /^P(?!$)/.test(value);
    case 'dateTime':
      return !Number.isNaN(Date.parse(value));
    default:
      return true;
  }
}

function members(value: JsonObject): [string, JsonValue][] {
  return Object.entries(value).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);
}

function unknownMember(place: Place): BodyFault {
  return {
    ...place,
    kind: 'unknown',
    message: `Could not find member '${place.property}' on object of type '${place.owner}'.`,
  };
}

function readOnlyMember(place: Place): BodyFault {
  return {
    ...place,
    kind: 'readOnly',
    message: `The property '${place.property}' of '${place.owner}' is read-only and cannot be set.`,
  };
}

function mistyped(type: WireType, value: JsonValue, place: Place): BodyFault {
  const given = Array.isArray(value) ? 'array' : typeof value;
  const wanted = type.kind === 'string' ? (type.format ?? 'string') : type.kind;
  return { ...place, kind: 'type', message: `Error converting value of type ${given} to type '${wanted}'.` };
}
