import type { JsonObject, JsonValue } from '../../../src/json.ts';
import type { Entra } from './entra.ts';
import type { Answer, ArmRequest } from './exchange.ts';
import { objectAt, objectsAt, textAt, textsAt, valueAt } from './json-path.ts';
import { type SecretVersion, secretVersions } from './providers/vault-secrets.ts';
import { allowedByRole } from './role-rights.ts';
import { type VaultPlace, vaultPlace } from './vault-place.ts';
import type { Principal, StoredResource } from './world.ts';
import type { WorldState } from './world-state.ts';

/**
 * The data plane of key vaults: secrets are read, as whoever has a role or an access policy may. A PFX that Resource Manager
 * stored as a secret is no certificate of the vault, so that there are none of those.
 *
 * @returns `undefined` for paths that are no vault's
 */
export function answerVaultData(world: WorldState, entra: Entra, request: ArmRequest): Answer | undefined {
  const place = vaultPlace(world, request);
  if (place === undefined) return undefined;
  const { vaultAudience } = world.cloud;
  const caller = entra.authenticate(request.headers.authorization, [vaultAudience]);
  switch (caller.kind) {
    case 'Missing':
      return challenge(world, request, 'AKV10000: Request is missing a Bearer or PoP token.');
    case 'Refused':
      return challenge(world, request, `AKV10022: ${caller.message} Expected ${vaultAudience}.`);
    case 'Known':
      return place.vault === undefined
        ? noVault(place)
        : answerKnown(world, place.vault, place, request, caller.principal);
    default:
      return caller satisfies never;
  }
}

/** Clients send their first request without a token, and learn from this which one they need. */
function challenge({ tenantId, cloud }: WorldState, { origin }: ArmRequest, message: string): Answer {
  const header = `Bearer authorization="${origin}/${tenantId}", resource="${cloud.vaultAudience}"`;
  return { status: 401, headers: { 'WWW-Authenticate': header }, body: { error: { code: 'Unauthorized', message } } };
}

function noVault({ vaultName }: VaultPlace): Answer {
  return failure(404, 'VaultNotFound', `There is no vault ${vaultName ?? 'that is the only one'}.`);
}

function answerKnown(
  world: WorldState,
  vault: StoredResource,
  { collection, name, version }: VaultPlace,
  request: ArmRequest,
  caller: Principal,
): Answer {
  if (request.method !== 'GET')
    return failure(405, 'MethodNotAllowed', `${request.method} is not simulated for vaults.`);
  if (!request.query.has('api-version')) return failure(400, 'BadParameter', 'api-version must be specified');
  const listed = name === undefined || version === 'versions';
  const refusal = refusalOf(world, vault, caller, { collection, name, right: listed ? 'list' : 'get' });
  if (refusal !== undefined) return refusal;
  if (collection === 'certificates') return name === undefined ? page([]) : notFound('certificate', name);
  if (name === undefined) return page([...secretsOf(world, vault)].map((secret) => itemView(vault, secret, undefined)));
  const secret = world.get(`${vault.id}/secrets/${name}`);
  if (secret === undefined) return notFound('secret', name);
  if (version === 'versions') return page(secretVersions(secret).map((item) => itemView(vault, secret, item)));
  const versions = secretVersions(secret);
  const found = version === undefined ? versions.at(-1) : versions.find((item) => item.version === version);
  if (found === undefined) return notFound('secret', `${name}/${version}`);
  if (!found.enabled) {
    return failure(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.', 'SecretDisabled');
  }
  return { status: 200, body: { value: found.value, ...itemView(vault, secret, found) } };
}

function* secretsOf(world: WorldState, vault: StoredResource): Iterable<StoredResource> {
  for (const child of world.children(vault.id)) if (child.type.endsWith('/secrets')) yield child;
}

function itemView(vault: StoredResource, secret: StoredResource, version: SecretVersion | undefined): JsonObject {
  const uri = `${textAt(vault.document, 'properties.vaultUri')}secrets/${secret.name}`;
  const contentType = version?.contentType ?? textAt(secret.document, 'properties.contentType');
  return {
    ...(contentType === undefined ? {} : { contentType }),
    id: version === undefined ? uri : `${uri}/${version.version}`,
    attributes: {
      ...objectAt(secret.document, 'properties.attributes'),
      ...(version === undefined ? {} : { enabled: version.enabled }),
      recoveryLevel: 'Recoverable+Purgeable',
      recoverableDays: valueAt(vault.document, 'properties.softDeleteRetentionInDays') ?? 90,
    },
    tags: objectAt(secret.document, 'tags'),
  };
}

function page(value: readonly JsonValue[]): Answer {
  return { status: 200, body: { value, nextLink: null } };
}

interface Access {
  readonly collection: VaultPlace['collection'];
  readonly name: string | undefined;
  readonly right: 'get' | 'list';
}

const DATA_ACTIONS = {
  secrets: {
    get: 'Microsoft.KeyVault/vaults/secrets/getSecret/action',
    list: 'Microsoft.KeyVault/vaults/secrets/readMetadata/action',
  },
  certificates: {
    get: 'Microsoft.KeyVault/vaults/certificates/read',
    list: 'Microsoft.KeyVault/vaults/certificates/read',
  },
} as const;

/** Why the vault does not serve the caller; `undefined` when it does. */
function refusalOf(world: WorldState, vault: StoredResource, caller: Principal, access: Access): Answer | undefined {
  const { collection, name, right } = access;
  const where = `${vault.name};location=${vault.document.location}`;
  if (valueAt(vault.document, 'properties.publicNetworkAccess') === 'Disabled') {
    return failure(
      403,
      'Forbidden',
      `Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\nCaller: appid=${caller.appId};oid=${caller.objectId}\r\nVault: ${where}`,
      'ForbiddenByConnection',
    );
  }
  if (valueAt(vault.document, 'properties.enableRbacAuthorization') !== true) {
    const policy = objectsAt(vault.document, 'properties.accessPolicies').find(
      ({ objectId }) => String(objectId).toLowerCase() === caller.objectId.toLowerCase(),
    );
    const rights = textsAt(policy, `permissions.${collection}`).map((item) => item.toLowerCase());
    if (rights.includes(right) || rights.includes('all')) return undefined;
    return failure(
      403,
      'Forbidden',
      `The user, group or application 'appid=${caller.appId};oid=${caller.objectId}' does not have ${collection} ${right} permission on key vault '${where}'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287`,
      'AccessDenied',
    );
  }
  const action = DATA_ACTIONS[collection][right];
  const scope = name === undefined ? vault.id : `${vault.id}/${collection}/${name}`;
  if (allowedByRole(world, caller, 'dataActions', action, scope)) return undefined;
  return failure(
    403,
    'Forbidden',
    `Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: appid=${caller.appId};oid=${caller.objectId}\r\nAction: '${action}'\r\nResource: '${scope}'\r\nAssignment: (not found)\r\nVault: ${where}\r\n`,
    'ForbiddenByRbac',
  );
}

function notFound(kind: 'secret' | 'certificate', name: string): Answer {
  return failure(
    404,
    kind === 'secret' ? 'SecretNotFound' : 'CertificateNotFound',
    `A ${kind} with (name/id) ${name} was not found in this key vault. If you recently deleted this ${kind} you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
  );
}

function failure(status: number, code: string, message: string, inner?: string): Answer {
  const innererror = inner === undefined ? {} : { innererror: { code: inner } };
  return { status, body: { error: { code, message, ...innererror } } };
}
