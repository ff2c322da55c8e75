import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { textAt, valueAt, withoutNulls } from '../json-path.ts';
import type { Outcome, ResourceRequest, ResourceType, WriteRequest } from '../provider.ts';
import type { StoredResource } from '../world.ts';
import { withCheckedIdentities } from './assigned-identities.ts';
import { refuseBadBody, withNormalisedLocation } from './requests.ts';
import { BLOB_SERVICE_TYPE, STORAGE_API_VERSIONS, storageAccountIsNotProvisioned } from './storage-requests.ts';
import { blobService, storageAccount } from './storage-shapes.ts';

const TYPE = 'Microsoft.Storage/storageAccounts';

/** What an account keeps beside its document. */
interface AccountSecrets {
  readonly keys: readonly [string, string];
}

/** What cannot be changed on an existing account. */
const IMMUTABLE = [
  'isHnsEnabled',
  'isNfsV3Enabled',
  'dnsEndpointType',
  'encryption.requireInfrastructureEncryption',
] as const;

function put(request: WriteRequest): Outcome {
  const { world, id, current } = request;
  refuseBadBody('storage', 'storageAccount', request, request.body, current?.document);
  refuseUnlessProvisioned(current);
  if (current === undefined) refuseTakenName(request);
  const body = withCheckedIdentities(world, id, withoutNulls(withNormalisedLocation(request)));
  const document = nextDocument(request, body);
  if (current !== undefined) {
    storeChange(current, document, request);
    return { status: 200 };
  }
  const keys = [newKey(request), newKey(request)] as const;
  const stored = world.store({
    id,
    type: TYPE,
    document,
    internal: { keys } satisfies AccountSecrets,
    globalNames: [{ kind: 'storageAccount', name: request.name }],
  });
  world.store({
    id: `${stored.id}/blobServices/default`,
    type: BLOB_SERVICE_TYPE,
    document: blobService(document, {}, undefined),
  });
  return {
    status: 202,
    operation: {
      kind: 'Location',
      durationSeconds: world.duration('storageAccounts/put', 27),
      retryAfterSeconds: 17,
      whileRunning: 'Creating',
      segment: 'asyncoperations',
    },
  };
}

function patch(request: WriteRequest): Outcome {
  const { current } = request;
  refuseBadBody('storage', 'storageAccountUpdate', request, request.body, current?.document);
  refuseUnlessProvisioned(current);
  if (current !== undefined) storeChange(current, nextDocument(request, withoutNulls(request.body)), request);
  return { status: 200 };
}

function storeChange(current: StoredResource, document: JsonObject, { world, id }: WriteRequest): void {
  refuseImmutableChange(current.document, document);
  if (!isDeepStrictEqual(current.document, document)) world.store({ id, type: TYPE, document });
}

function nextDocument({ world, id, name, current }: WriteRequest, body: JsonObject): JsonObject {
  const creationTime = textAt(current?.document, 'properties.creationTime') ?? new Date(world.now()).toISOString();
  const suffix = world.endpoints.storageSuffix;
  const blobEndpoint = world.endpoints.blob(name);
  return storageAccount({ id, name, creationTime, blobEndpoint, suffix }, body, current?.document);
}

function refuseUnlessProvisioned(current: StoredResource | undefined): void {
  if (current === undefined || current.provisioningState === 'Succeeded') return;
  throw storageAccountIsNotProvisioned();
}

function refuseTakenName({ world, name, id, subscriptionId }: WriteRequest): void {
  const holder = world.nameHolder({ kind: 'storageAccount', name });
  if (holder === undefined || (holder.kind === 'Resource' && holder.id.toLowerCase() === id.toLowerCase())) return;
  const own = holder.kind === 'Resource' && holder.id.split('/')[2]?.toLowerCase() === subscriptionId.toLowerCase();
  throw own
    ? new ArmFault(
        409,
        'StorageAccountInAnotherResourceGroup',
        `The account ${name} is already in another resource group in this subscription.`,
      )
    : new ArmFault(409, 'StorageAccountAlreadyTaken', `The storage account named ${name} is already taken.`);
}

function refuseImmutableChange(before: JsonObject, after: JsonObject): void {
  const property = IMMUTABLE.find(
    (name) => (valueAt(before, `properties.${name}`) ?? null) !== (valueAt(after, `properties.${name}`) ?? null),
  );
  const premium = (account: JsonObject) => textAt(account, 'sku.tier') === 'Premium';
  const upgrade = before.kind === 'Storage' && after.kind === 'StorageV2';
  const changed =
    property ??
    (before.kind !== after.kind && !upgrade ? 'kind' : premium(before) !== premium(after) ? 'sku' : undefined);
  if (changed === undefined) return;
  throw new ArmFault(
    409,
    'StorageAccountPropertyCannotBeUpdated',
    `The property '${changed}' was specified in the input, but it cannot be updated as it is read-only. For more information, see - https://aka.ms/storageaccountupdate`,
    { target: changed },
  );
}

function newKey({ world }: ResourceRequest): string {
  const bytes = [0, 1, 2, 3].map(() => world.uuid().replaceAll('-', '')).join('');
  return Buffer.from(bytes, 'hex').toString('base64');
}

/** `Microsoft.Storage/storageAccounts`. */
export const storageAccounts: ResourceType = {
  type: TYPE,
  apiVersions: STORAGE_API_VERSIONS,
  tracked: true,
  longestTagName: 128,
  name: {
    pattern: /^[a-z0-9]{3,24}$/,
    refusal: (name) =>
      new ArmFault(
        400,
        'AccountNameInvalid',
        `${name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.`,
      ),
  },
  put,
  patch,
  delete: ({ world, id }) => {
    world.remove(id);
    return { status: 200 };
  },
  actions: {
    'POST listKeys': ({ current }) => {
      refuseUnlessProvisioned(current);
      return { status: 200, body: { keys: keysOf(current) } };
    },
  },
};

function keysOf(account: StoredResource | undefined): JsonObject[] {
  if (account === undefined) return [];
  const creationTime = textAt(account.document, 'properties.creationTime') ?? '';
  const { keys } = account.internal as AccountSecrets;
  return keys.map((value, index) => ({ creationTime, keyName: `key${index + 1}`, value, permissions: 'FULL' }));
}
