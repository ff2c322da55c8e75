import { ArmFault } from '../arm-fault.ts';
import { mergePatch, objectAt, textAt, valueAt, withoutNulls } from '../json-path.ts';
import type { Outcome, ResourceType, WriteRequest } from '../provider.ts';
import type { StoredResource, World } from '../world.ts';
import { refuseBadBody } from './requests.ts';

const TYPE = 'Microsoft.KeyVault/vaults/secrets';

/** One version of a secret. */
export interface SecretVersion {
  /** 32 hexadecimal digits. */
  readonly version: string;
  readonly value: string;
  readonly contentType: string | undefined;
  readonly enabled: boolean;
}

/** The versions of a stored secret, the newest last. */
export function secretVersions(secret: StoredResource): readonly SecretVersion[] {
  return secret.internal as readonly SecretVersion[];
}

function put(request: WriteRequest): Outcome {
  const { world, id, name, parent, current } = request;
  refuseBadBody('keyVault', 'vaultSecret', request, request.body, current?.document);
  const body = withoutNulls(request.body);
  const asked = objectAt(body, 'properties');
  const value = textAt(asked, 'value');
  if (value === undefined) throw new ArmFault(400, 'BadRequest', 'The property "value" is required for a secret.');
  if (parent === undefined) throw new Error(`${id} has no vault`);
  const seconds = Math.floor(world.now() / 1000);
  const version = world.uuid().replaceAll('-', '');
  const uri = `${textAt(parent.document, 'properties.vaultUri')}secrets/${name}`;
  const contentType = textAt(asked, 'contentType');
  const document = {
    id,
    name,
    type: TYPE,
    location: parent.document.location,
    tags: body.tags ?? {},
    properties: {
      ...(contentType === undefined ? {} : { contentType }),
      attributes: mergePatch(
        {
          enabled: true,
          created: valueAt(current?.document, 'properties.attributes.created') ?? seconds,
          updated: seconds,
        },
        objectAt(asked, 'attributes'),
      ),
      secretUri: uri,
      secretUriWithVersion: `${uri}/${version}`,
    },
  };
  const enabled = valueAt(asked, 'attributes.enabled') !== false;
  const earlier = current === undefined ? [] : secretVersions(current);
  world.store({ id, type: TYPE, document, internal: [...earlier, { version, value, contentType, enabled }] });
  return { status: current === undefined ? 201 : 200 };
}

/** What a URL such as `https://<vault>.<suffix>/secrets/<name>/<version>` leads to, in vaults that exist. */
export interface FoundSecret {
  readonly vault: StoredResource | undefined;
  /** `undefined` when the vault has no such secret or version. */
  readonly secret: SecretVersion | undefined;
}

/** Looks a secret up by its URL, as a client of the vault does. Without a version, the newest counts. */
export function findSecret(world: World, url: string): FoundSecret {
  const { origin, pathname } = URL.parse(url) ?? { origin: '', pathname: '' };
  const [, collection = '', name = '', version] = pathname.split('/');
  const vault = [...world.ofType('Microsoft.KeyVault/vaults')].find(
    ({ document }) => textAt(document, 'properties.vaultUri')?.toLowerCase() === `${origin}/`.toLowerCase(),
  );
  const stored = vault === undefined || collection !== 'secrets' ? undefined : world.get(`${vault.id}/secrets/${name}`);
  const versions = stored === undefined ? [] : secretVersions(stored);
  const secret = version ? versions.find((candidate) => candidate.version === version) : versions.at(-1);
  return { vault, secret };
}

/** `Microsoft.KeyVault/vaults/secrets`: each PUT makes a new version. The control plane cannot delete a secret. */
export const vaultSecrets: ResourceType = {
  type: TYPE,
  apiVersions: ['2026-02-01', '2025-05-01', '2024-11-01', '2023-07-01', '2023-02-01', '2022-07-01', '2021-10-01'],
  tracked: false,
  provisioningState: false,
  name: {
    pattern: /^[a-zA-Z0-9-]{1,127}$/,
    refusal: (name) => new ArmFault(400, 'BadRequest', `The secret name '${name}' is invalid.`),
  },
  put,
};
