import type { DesiredResource, ObservedResources } from '../azure/desired-resource.ts';
import { isJsonObject, type JsonObject, type JsonValue, valueAt } from '../json.ts';
import type { GatewayDeployment } from './deployment.ts';
import { certificateUrl } from './outputs.ts';
import { setupExtension } from './resources/setup-extension.ts';
import type { GatewaySettings } from './settings.ts';
import { settingsFile } from './setup-files.ts';
import { ownershipTags, readTags, SETTINGS_TAG } from './tags.ts';

/** The settings that the VMs of a gateway were given last, as the file in its storage account has them. */
export interface KeptSettings {
  /** SHA-256 of the file in lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly settings: GatewaySettings;
}

/** Settings out of their file; `undefined` where it is none of a gateway. What a later version has added is kept. */
export function settingsIn(content: Uint8Array): GatewaySettings | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(content).toString('utf8'));
    return isSettings(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isSettings(value: unknown): value is GatewaySettings {
  const isHash = (hash: unknown) => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash);
  if (!isJsonObject(value as JsonValue)) {
    return false;
  }
  const { certificateThumbprintSha256, servicePackageSha256, clientAuthentication } = value as JsonObject;
  const trusted = valueAt(clientAuthentication, 'trustedCertificates');
  return (
    isHash(certificateThumbprintSha256) &&
    isHash(servicePackageSha256) &&
    Array.isArray(trusted) &&
    trusted.every((each) => typeof each === 'string')
  );
}

/** SHA-256 of the settings that a scale set names; `undefined` where it names none. */
export function settingsHashOf(observed: ObservedResources): string | undefined {
  return readTags(observed.get(SCALE_SET)?.tags)(SETTINGS_TAG);
}

const SCALE_SET = 'scaleSet';

/**
 * Whether the vault holds another version of the certificate than the model of the VMs names. `false` as long as that is not
 * known.
 */
export function isRenewalDue(observed: ObservedResources): boolean {
  const model = valueAt(observed.get(SCALE_SET), 'properties', 'virtualMachineProfile', 'osProfile', 'secrets');
  const [group] = Array.isArray(model) ? model : [];
  const certificates = valueAt(group, 'vaultCertificates');
  const [first] = Array.isArray(certificates) ? certificates : [];
  const [named, newest] = [valueAt(first, 'certificateUrl'), certificateUrl(observed)];
  return typeof named === 'string' && newest !== undefined && named.toLowerCase() !== newest.toLowerCase();
}

/** Certificates of authorities, as DER in base64, that a gateway is to know and does not. */
export function missingAuthorities(
  { clientAuthentication }: GatewayDeployment,
  { settings }: KeptSettings,
): readonly string[] {
  const known = new Set(settings.clientAuthentication.trustedCertificates);
  return clientAuthentication.trustedCertificates.filter((each) => !known.has(each));
}

/**
 * A gateway that only has to go on serving, with its renewed certificate: all that its VMs are told is as it was, but for that
 * certificate, and for authorities of client certificates, of which those that it does not know are added.
 */
export function renewedAsKept(deployment: GatewayDeployment, kept: KeptSettings): GatewayDeployment {
  const { clientAuthentication, servicePackageSha256 } = kept.settings;
  const settings: GatewaySettings = {
    ...kept.settings,
    certificateThumbprintSha256: deployment.certificate.sha256Fingerprint,
    clientAuthentication: {
      ...clientAuthentication,
      trustedCertificates: [...clientAuthentication.trustedCertificates, ...missingAuthorities(deployment, kept)],
    },
  };
  return {
    ...deployment,
    servicePackage: { sha256: servicePackageSha256 },
    vmModel: { ...deployment.vmModel, settings: () => settings },
  };
}

/** What a PUT of a scale set has to repeat of its properties, beside the model of its VMs. */
const REPEATED = [
  'orchestrationMode',
  'overprovision',
  'singlePlacementGroup',
  'upgradePolicy',
  'scaleInPolicy',
] as const;

/**
 * The VMs of a gateway that only has to go on serving: as they are, whatever the spec says by now. Their tags say whose they
 * are, as without these another cluster could not take the gateway over; and they get the renewed certificate from the vault.
 *
 * @param declared the same VMs as the spec asks for
 * @param kept as they were read; without them no certificate is brought to the VMs
 */
export function keptScaleSet(
  deployment: GatewayDeployment,
  declared: DesiredResource,
  kept: KeptSettings | undefined,
): DesiredResource {
  return {
    ...declared,
    desired: (observed) => {
      const current = observed.get(SCALE_SET);
      if (current === undefined) {
        return {};
      }
      const asItIs = { ...repeated(current), tags: ownershipTags(deployment) };
      return kept !== undefined && kept.sha256 === settingsHashOf(observed) && isRenewalDue(observed)
        ? withRenewal(asItIs, current, renewedAsKept(deployment, kept), observed)
        : asItIs;
    },
  };
}

function repeated(current: JsonObject): JsonObject & { readonly properties: JsonObject } {
  const { location, sku, identity, properties } = current;
  const identities = valueAt(identity, 'userAssignedIdentities');
  return {
    ...(location === undefined ? {} : { location }),
    ...(sku === undefined ? {} : { sku }),
    // What Azure tells of them nobody may write.
    ...(isJsonObject(identity) && isJsonObject(identities)
      ? {
          identity: {
            ...(identity.type === undefined ? {} : { type: identity.type }),
            userAssignedIdentities: Object.fromEntries(Object.keys(identities).map((id) => [id, {}])),
          },
        }
      : {}),
    properties: isJsonObject(properties)
      ? Object.fromEntries(
          REPEATED.flatMap((name) => (properties[name] === undefined ? [] : [[name, properties[name]]])),
        )
      : {},
  };
}

/** The model of the VMs as it is, with another version of the certificate, and the settings that name it. */
function withRenewal(
  asItIs: ReturnType<typeof repeated> & { readonly tags: JsonObject },
  current: JsonObject,
  renewed: GatewayDeployment,
  observed: ObservedResources,
): JsonObject {
  const profile = valueAt(current, 'properties', 'virtualMachineProfile');
  const [url, extension] = [certificateUrl(observed), setupExtension(renewed, observed)];
  if (!isJsonObject(profile) || !isJsonObject(profile.osProfile) || url === undefined || extension === undefined) {
    return asItIs;
  }
  const secrets = valueAt(profile.osProfile, 'secrets');
  const [group] = Array.isArray(secrets) ? secrets : [];
  return {
    ...asItIs,
    tags: { ...asItIs.tags, [SETTINGS_TAG]: settingsFile(renewed).sha256 },
    properties: {
      ...asItIs.properties,
      virtualMachineProfile: {
        ...profile,
        osProfile: {
          ...profile.osProfile,
          secrets: [
            {
              ...(isJsonObject(group) ? group : {}),
              vaultCertificates: [{ certificateUrl: url, certificateStore: 'My' }],
            },
          ],
        },
        extensionProfile: {
          ...(isJsonObject(profile.extensionProfile) ? profile.extensionProfile : {}),
          extensions: [extension],
        },
      },
    },
  };
}
