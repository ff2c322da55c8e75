import type {
  CMGStatusDeploymentCredentials,
  CMGStatusDeploymentIdentity,
  CMGStatusDeploymentServerCertificate,
} from '../api/v1alpha1/cmg.generated.ts';
import { parseResourceId } from '../azure/resource-id.ts';
import type { JsonValue } from '../json.ts';
import { type GatewayDeployment, type GatewayOwner, prefixOf } from './deployment.ts';
import { jsonInTags, jsonTags } from './json-tags.ts';
import {
  certificateIn,
  credentialsIn,
  hasAtMost,
  type MarkedCertificate,
  serverCertificateIn,
} from './marked-references.ts';
import { ownershipOf, ownerTag, readTags } from './tags.ts';

/** `Yes` or `No`: whether clients may ever have depended on the deployment. */
export const SERVED_TAG = 'configmgr.io_served';
/** `<order> <time>`: when the deployment was last taken for what is wanted, in ISO 8601, and as which of all. */
export const WANTED_TAG = 'configmgr.io_wanted';
export const SERVICE_NAME_TAG = 'configmgr.io_service-name';
/** JSON: the parts of the identity that neither the id of the resource nor the service name tells. */
export const IDENTITY_TAG = 'configmgr.io_identity';
/** JSON: `serverCertificate` as in the status. It names a Secret, and holds nothing of it. */
export const SERVER_CERTIFICATE_TAG = 'configmgr.io_server-certificate';
/** JSON: what every certificate of the gateway has to be like, as in `certificate` of its status. */
export const MADE_WITH_TAG = 'configmgr.io_made-with';
/** JSON: `credentials` as in the status. They name a Secret, and hold nothing of it. */
export const CREDENTIALS_TAG = 'configmgr.io_credentials';

const MARK_TAGS: ReadonlySet<string> = new Set([
  SERVED_TAG,
  WANTED_TAG,
  SERVICE_NAME_TAG,
  IDENTITY_TAG,
  SERVER_CERTIFICATE_TAG,
  CREDENTIALS_TAG,
  MADE_WITH_TAG,
]);

/** Whether a tag is one of the mark, or goes on with one. */
export function isMarkTag(name: string): boolean {
  return MARK_TAGS.has(name.replace(/-\d$/, ''));
}

/** What a gateway is made with and keeps for its life, as far as it is known. */
export type MarkedIdentity = Readonly<Partial<Record<keyof CMGStatusDeploymentIdentity, string>>>;

/** What of a deployment has to be found again when the status of its CMG is lost. */
export interface GatewayMark {
  /** Names the deployment. */
  readonly id: string;
  readonly identity: MarkedIdentity;
  /** By which clients reach it. */
  readonly serviceName: string;
  /** Whether clients may ever have depended on it. */
  readonly served: 'Yes' | 'No';
  /** When it was last taken for what is wanted: milliseconds since 1970. */
  readonly wantedSince: number;
  /** Of two deployments, the one with the greater was wanted more recently. */
  readonly wantedOrder: number;
  /** Where its server certificate was read from. Default: where the spec says. */
  readonly serverCertificate?: CMGStatusDeploymentServerCertificate;
  /** What of its certificate it keeps. Default: not known. */
  readonly madeWith?: MarkedCertificate;
  /** How the operator signed in to Azure for it. Default: as the spec says. */
  readonly credentials?: CMGStatusDeploymentCredentials;
}

/** What the tags of a resource say of the deployment that it belongs to. */
export type MarkInTags =
  | { readonly kind: 'Read'; readonly mark: GatewayMark }
  /** There is no resource. */
  | { readonly kind: 'None' }
  /** It does not carry the tags of this owner, or those of another deployment. */
  | { readonly kind: 'Lost' };

/** A resource of a gateway, as Azure shows it. */
export interface TaggedGatewayResource {
  readonly id: string;
  readonly location?: unknown;
  readonly tags: unknown;
}

/** Whose mark is looked for. */
export interface SoughtMark {
  readonly owner: GatewayOwner;
  /** The deployment. Default: whichever the tags name. */
  readonly deploymentId?: string;
  /** `spec.serviceName` as it is now. */
  readonly serviceName: string;
}

/** The parts of an identity in the order in which they are written, and what the definition of the CMG takes of each. */
const PARTS: Readonly<Record<keyof CMGStatusDeploymentIdentity, (text: string) => boolean>> = {
  environment: (text) => text === 'AzurePublicCloud' || text === 'AzureUSGovernmentCloud',
  tenantId: hasAtMost(36),
  subscriptionId: hasAtMost(36),
  region: hasAtMost(50),
  resourceGroup: hasAtMost(90),
  serviceName: hasAtMost(253),
  certificateRevision: hasAtMost(63),
  provisioner: (text) => text === 'Operator' || text === 'Site',
  deploymentModel: (text) => text === 'VirtualMachineScaleSet' || text === 'CloudServiceClassic',
};
const PART_NAMES = Object.keys(PARTS) as readonly (keyof CMGStatusDeploymentIdentity)[];

/** The last moment that a time of Kubernetes can name, in milliseconds since 1970. */
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const GREATEST_ORDER = 2 ** 31 - 1;

/**
 * The tags that tell the mark of a deployment, beside those that tell its owner; none for a deployment without a mark.
 *
 * Seven tags as a rule, and 27 at most. A value that does not fit the 256 characters of a tag goes on in further tags. What the
 * definition of the CMG does not allow, and what is therefore too long for that too, is left out, and read as doubtful.
 */
export function markTags(deployment: GatewayDeployment): Readonly<Record<string, string>> {
  const { mark } = deployment;
  if (mark === undefined) {
    return {};
  }
  return {
    [SERVED_TAG]: mark.served,
    ...(isInstant(mark.wantedSince)
      ? { [WANTED_TAG]: `${mark.wantedOrder} ${new Date(mark.wantedSince).toISOString()}` }
      : {}),
    ...(isServiceName(mark.serviceName) ? { [SERVICE_NAME_TAG]: mark.serviceName } : {}),
    ...jsonTags(IDENTITY_TAG, untold(mark.identity, toldOf(deployment, mark.serviceName))),
    ...(mark.serverCertificate === undefined ? {} : jsonTags(SERVER_CERTIFICATE_TAG, mark.serverCertificate)),
    ...(mark.credentials === undefined ? {} : jsonTags(CREDENTIALS_TAG, mark.credentials)),
    ...(mark.madeWith === undefined ? {} : jsonTags(MADE_WITH_TAG, mark.madeWith)),
  };
}

/**
 * What the tags of a resource say of its deployment. To be asked of the identity of the VMs, which carries the mark.
 *
 * Any doubt is `served: Yes`. So where the resource has the tags of the owner, but not all of the mark or not as it was
 * written, as with gateways that an earlier version of the operator made, the deployment has served. It was then wanted
 * before all others: `wantedSince` and `wantedOrder` are 0 unless they can be read. Of its identity the subscription and the
 * group are known by the id, and the region by the location; its service name is taken to be that of the spec where the
 * resource is named by its prefix, and is else that prefix, so that it is taken for another gateway than the wanted one.
 *
 * Tags can be changed by whoever may write the resource. What is read is of a form that the status takes, and no more than
 * that is certain: references lead to Secrets of the CMG's own namespace, whatever they name.
 *
 * @param found `undefined`: Azure says that there is no such resource
 */
export function markOf(found: TaggedGatewayResource | undefined, sought: SoughtMark): MarkInTags {
  if (found === undefined) {
    return { kind: 'None' };
  }
  const ownership = ownershipOf(found.tags);
  const id = ownership?.deploymentId;
  const isOurs = ownership?.owner === ownerTag(sought.owner) && id === (sought.deploymentId ?? id);
  if (!isOurs || id === undefined || id === '' || !hasAtMost(63)(id)) {
    return { kind: 'Lost' };
  }
  const text = readTags(found.tags);
  const wanted = wantedIn(text(WANTED_TAG));
  const named = text(SERVICE_NAME_TAG);
  const isNamed = named !== undefined && isServiceName(named);
  const serviceName = isNamed ? named : guessedServiceName(found.id, sought.serviceName);
  const told = toldBy(found, serviceName);
  const identity = identityIn(jsonInTags(text, IDENTITY_TAG), told);
  const serverCertificate = serverCertificateIn(jsonInTags(text, SERVER_CERTIFICATE_TAG));
  const credentials = credentialsIn(jsonInTags(text, CREDENTIALS_TAG));
  const madeWith = certificateIn(jsonInTags(text, MADE_WITH_TAG));
  const isWhole = wanted !== undefined && isNamed && identity !== undefined;
  const mark: GatewayMark = {
    id,
    identity: identity ?? { ...told, ...regionOf(found) },
    serviceName,
    served: isWhole && text(SERVED_TAG) === 'No' ? 'No' : 'Yes',
    wantedSince: wanted?.since ?? 0,
    wantedOrder: wanted?.order ?? 0,
    ...(serverCertificate === undefined ? {} : { serverCertificate }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(madeWith === undefined ? {} : { madeWith }),
  };
  return { kind: 'Read', mark };
}

function isInstant(time: number): boolean {
  return Number.isInteger(time) && time >= 0 && time <= LATEST;
}

/** Whether a text can be the service name of a gateway in a mark. */
export function isServiceName(text: string): boolean {
  return /^[\x21-\x7e]{1,253}$/.test(text);
}

function wantedIn(text: string | undefined): { readonly order: number; readonly since: number } | undefined {
  const [, digits, time = ''] = /^(\d{1,10}) (\d{4}-\S+)$/.exec(text ?? '') ?? [];
  const [order, since] = [Number(digits), Date.parse(time)];
  return order <= GREATEST_ORDER && isInstant(since) ? { order, since } : undefined;
}

/** What needs no tag of its own, from the side of who writes. */
function toldOf({ subscriptionId, resourceGroup }: GatewayDeployment, serviceName: string): MarkedIdentity {
  return { subscriptionId, resourceGroup: resourceGroup.name, serviceName };
}

/** The same, from the side of who reads. */
function toldBy({ id }: TaggedGatewayResource, serviceName: string): MarkedIdentity {
  const { subscriptionId, resourceGroup } = parseResourceId(id);
  return {
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    ...(resourceGroup === undefined ? {} : { resourceGroup }),
    serviceName,
  };
}

/** In what an identity differs from what is told; `null` stands for a part that it lacks. */
function untold(identity: MarkedIdentity, told: MarkedIdentity): Readonly<Record<string, string | null>> {
  return Object.fromEntries(
    PART_NAMES.filter((part) => identity[part] !== told[part]).map((part) => [part, identity[part] ?? null]),
  );
}

/** `undefined` where a part is none that an identity may have. */
function identityIn(written: Readonly<Record<string, JsonValue | undefined>> | undefined, told: MarkedIdentity) {
  if (written === undefined) {
    return undefined;
  }
  const identity: { -readonly [part in keyof MarkedIdentity]: string } = {};
  for (const part of PART_NAMES) {
    const value = written[part] === undefined ? told[part] : written[part];
    if (typeof value === 'string' && PARTS[part](value)) {
      identity[part] = value;
    } else if (value !== undefined && value !== null) {
      return undefined;
    }
  }
  return identity;
}

function regionOf({ location }: TaggedGatewayResource): MarkedIdentity {
  return typeof location === 'string' && location !== '' ? { region: location } : {};
}

/** Groups are named by the spec and storage accounts without hyphens; all other resources carry the prefix as their name. */
function guessedServiceName(id: string, current: string): string {
  const [resource] = parseResourceId(id).path;
  const prefix = resource === undefined || /^storageAccounts$/i.test(resource.type) ? undefined : resource.name;
  return prefix === undefined || prefix.toLowerCase() === prefixOf(current) ? current : prefix;
}
