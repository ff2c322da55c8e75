import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/json.ts';
import { ArmFault, BY_THE_SERVICE } from '../arm-fault.ts';
import { objectAt, objectsAt, textAt } from '../json-path.ts';
import type { StoredResource, World } from '../world.ts';

/** References between resources: `{ "id": "/subscriptions/…" }` anywhere in a document. */

/** A resource, or a child that stands inside the document of a resource. */
export interface ResolvedReference {
  /** In Azure's spelling. */
  readonly id: string;
  /** The stored resource: the one named, or the one whose document holds the child. */
  readonly resource: StoredResource;
}

/** What an id names, or `undefined` when there is no such resource or child. */
export function resolveReference(world: World, id: string): ResolvedReference | undefined {
  const resource = world.get(id);
  if (resource !== undefined) return { id: resource.id, resource };
  const segments = id.split('/');
  const [list = '', name = ''] = segments.slice(-2);
  const parent = world.get(segments.slice(0, -2).join('/'));
  const child = parent === undefined ? undefined : childNamed(parent.document, list, name);
  return parent === undefined || child === undefined ? undefined : { id: String(child.id), resource: parent };
}

function childNamed(document: JsonObject, list: string, name: string): JsonObject | undefined {
  const spelling = Object.keys(objectAt(document, 'properties')).find((key) => sameText(key, list));
  return spelling === undefined
    ? undefined
    : objectsAt(document, `properties.${spelling}`).find((child) => sameText(String(child.name), name));
}

function sameText(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/**
 * `document` with its references in Azure's spelling. References to the document's own children are looked up in it.
 *
 * @throws ArmFault `InvalidResourceReference` when something referred to does not exist or is in another region, and
 * `RetryableError` when it is being changed
 */
export function withCheckedReferences(world: World, id: string, document: JsonObject): JsonObject {
  const own = `${id}/`.toLowerCase();
  const checked = (target: string): string => {
    if (target.toLowerCase().startsWith(own)) {
      const [list = '', name = ''] = target.slice(own.length).split('/');
      const child = childNamed(document, list, name);
      if (child === undefined) throw invalidReference(id, target);
      return String(child.id);
    }
    const found = resolveReference(world, target);
    const location = found?.resource.document.location;
    if (found === undefined || (location !== undefined && location !== document.location))
      throw invalidReference(id, target);
    refuseUnlessProvisioned(id, found.resource);
    return found.id;
  };
  return { ...document, properties: mapReferences(objectAt(document, 'properties'), checked) };
}

function mapReferences(value: JsonObject, checked: (id: string) => string): JsonObject {
  const mapped = (item: JsonValue): JsonValue => {
    if (Array.isArray(item)) return (item as readonly JsonValue[]).map(mapped);
    return isJsonObject(item) ? mapReferences(item, checked) : item;
  };
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      name === 'id' && typeof item === 'string' && isId(item)
        ? checked(item)
        : item === undefined
          ? item
          : mapped(item),
    ]),
  );
}

function isId(text: string): boolean {
  return /^\/subscriptions\//i.test(text);
}

/** Something that a resource refers to is not there. */
export function invalidReference(id: string, target: string): ArmFault {
  return new ArmFault(
    400,
    'InvalidResourceReference',
    `Resource ${target} referenced by resource ${id} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
    { details: [] },
  );
}

function refuseUnlessProvisioned(id: string, target: StoredResource): void {
  if (!target.type.startsWith('Microsoft.Network/') || target.provisioningState === 'Succeeded') return;
  throw new ArmFault(429, 'RetryableError', 'A retryable error occurred.', {
    details: [
      {
        code: 'ReferencedResourceNotProvisioned',
        message: `Cannot proceed with operation because resource ${target.id} used by resource ${id} is not in Succeeded state. Resource is in ${target.provisioningState} state and the last operation that updated/is updating the resource is ${lastOperation(target)}.`,
      },
    ],
    headers: BY_THE_SERVICE,
  });
}

/** The network provider's name for what runs on a resource, such as `PutPublicIpAddressOperation`. */
export function lastOperation({ type, provisioningState }: StoredResource): string {
  const nouns: Readonly<Record<string, string>> = {
    loadBalancers: 'LoadBalancer',
    networkSecurityGroups: 'NetworkSecurityGroup',
    publicIPAddresses: 'PublicIpAddress',
    virtualNetworks: 'VirtualNetwork',
  };
  const verb = provisioningState === 'Deleting' ? 'Delete' : 'Put';
  return `${verb}${nouns[type.split('/').at(-1) ?? ''] ?? ''}Operation`;
}

const cachedReferences = new WeakMap<JsonObject, ReadonlySet<string>>();

/** All ids that a document refers to, in lower case. */
export function referencesOf(document: JsonObject): ReadonlySet<string> {
  const cached = cachedReferences.get(document);
  if (cached !== undefined) return cached;
  const found = new Set<string>();
  mapReferences(objectAt(document, 'properties'), (id) => {
    found.add(id.toLowerCase());
    return id;
  });
  cachedReferences.set(document, found);
  return found;
}

/** The resources of a type that refer to an id. */
export function referrers(world: World, type: string, id: string): readonly StoredResource[] {
  const wanted = id.toLowerCase();
  return [...world.ofType(type)].filter(({ document }) => referencesOf(document).has(wanted));
}

/** One network interface address of a VM in a scale set, and what it is joined to. */
export interface InstanceAddress {
  /** The id of the address. */
  readonly id: string;
  readonly networkInterfaceId: string;
  /** Ids of the subnet, load balancer pools and network security group, in lower case. */
  readonly joins: ReadonlySet<string>;
}

/** Instances of a scale set, by what its stored document and their ids say. */
export function instanceAddresses(
  scaleSet: StoredResource,
  instanceIds: readonly string[],
): readonly InstanceAddress[] {
  const interfaces = objectsAt(
    scaleSet.document,
    'properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations',
  );
  return instanceIds.flatMap((instanceId) =>
    interfaces.flatMap((item) => {
      const networkInterfaceId = `${scaleSet.id}/virtualMachines/${instanceId}/networkInterfaces/${item.name}`;
      const group = textAt(item, 'properties.networkSecurityGroup.id')?.toLowerCase();
      return objectsAt(item, 'properties.ipConfigurations').map((address) => ({
        id: `${networkInterfaceId}/ipConfigurations/${address.name}`,
        networkInterfaceId,
        joins: new Set([...referencesOf({ properties: address }), ...(group === undefined ? [] : [group])]),
      }));
    }),
  );
}
