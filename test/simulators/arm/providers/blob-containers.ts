import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { objectAt, withoutNulls } from '../json-path.ts';
import type { Outcome, ResourceRequest, ResourceType, WriteRequest } from '../provider.ts';
import type { StoredResource, World } from '../world.ts';
import { refuseBadBody, timestamp } from './requests.ts';
import { BLOB_SERVICE_TYPE, STORAGE_API_VERSIONS, storageAccountIsNotProvisioned } from './storage-requests.ts';
import { blobContainer, blobService } from './storage-shapes.ts';

const CONTAINER_TYPE = `${BLOB_SERVICE_TYPE}/containers`;

/** The account in which a blob service or container is. */
function accountOf({ world, id }: ResourceRequest): StoredResource {
  const account = world.get(id.slice(0, id.toLowerCase().indexOf('/blobservices/')));
  if (account === undefined) throw new Error(`${id} is in no account`);
  if (account.provisioningState !== 'Succeeded') throw storageAccountIsNotProvisioned();
  return account;
}

function putService(request: WriteRequest): Outcome {
  const { world, id, current } = request;
  refuseBadBody('storage', 'blobService', request, request.body, current?.document);
  const document = blobService(accountOf(request).document, withoutNulls(request.body), current?.document);
  world.store({ id, type: BLOB_SERVICE_TYPE, document });
  // The provider answers with what it was sent.
  return { status: 200, body: request.body };
}

function putContainer(request: WriteRequest): Outcome {
  const { world, id, name, current } = request;
  refuseBadBody('storage', 'blobContainer', request, request.body, current?.document);
  const account = accountOf(request);
  const body = withoutNulls(request.body);
  const access = objectAt(body, 'properties').publicAccess ?? 'None';
  if (access !== 'None' && objectAt(account.document, 'properties').allowBlobPublicAccess !== true) {
    throw new ArmFault(409, 'PublicAccessNotPermitted', 'Public access is not permitted on this storage account.');
  }
  const etag = storageEtag(world);
  const document = blobContainer({ id, name, lastModifiedTime: timestamp(world), etag }, body, current?.document);
  world.store({ id, type: CONTAINER_TYPE, document, etag });
  return { status: current === undefined ? 201 : 200, body: writtenContainer(request, document) };
}

/** As the storage service writes etags: a time in hexadecimal digits. */
function storageEtag(world: World): string {
  return `"0x${world.uuid().replaceAll('-', '').slice(0, 15).toUpperCase()}"`;
}

/** What a write answers of a container: its properties only when some were sent, and then but a few. */
function writtenContainer({ body, id, name }: WriteRequest, document: JsonObject): JsonObject {
  const sent = objectAt(body, 'properties');
  const { deleted, remainingRetentionDays, hasImmutabilityPolicy, hasLegalHold } = objectAt(document, 'properties');
  const properties = { deleted, remainingRetentionDays, ...sent, hasImmutabilityPolicy, hasLegalHold };
  return { id, name, type: CONTAINER_TYPE, ...(Object.keys(sent).length === 0 ? {} : { properties }) };
}

/** `Microsoft.Storage/storageAccounts/blobServices`: each account has one, called `default`, from the start. */
export const blobServices: ResourceType = {
  type: BLOB_SERVICE_TYPE,
  apiVersions: STORAGE_API_VERSIONS,
  tracked: false,
  provisioningState: false,
  name: {
    pattern: /^default$/,
    refusal: (name) =>
      new ArmFault(400, 'InvalidResourceName', `The blob service of an account is called default, not ${name}.`),
  },
  put: putService,
};

/** `Microsoft.Storage/storageAccounts/blobServices/containers`. */
export const blobContainers: ResourceType = {
  type: CONTAINER_TYPE,
  apiVersions: STORAGE_API_VERSIONS,
  tracked: false,
  provisioningState: false,
  etags: true,
  name: {
    pattern: /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/,
    refusal: (name) =>
      new ArmFault(
        400,
        'ContainerNameInvalid',
        `${name} is not a valid container name. It must be 3 to 63 lower-case letters, digits and single hyphens.`,
      ),
  },
  missing: ({ world }) =>
    new ArmFault(
      404,
      'ContainerNotFound',
      `The specified container does not exist.\nRequestId:${world.uuid()}\nTime:${timestamp(world)}`,
    ),
  put: putContainer,
  patch: putContainer,
  delete: ({ world, id }) => {
    world.remove(id);
    return { status: 200 };
  },
};
