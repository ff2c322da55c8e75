import * as z from 'zod';

/** The Azure environments in which Microsoft supports cloud management gateways. */
export type CloudName = 'AzurePublicCloud' | 'AzureUSGovernmentCloud';

/** Where one Azure environment is reached, and the DNS suffixes under which its services hand out names. */
export interface Cloud {
  readonly name: CloudName;
  /** Base URL of Azure Resource Manager, without a trailing slash. */
  readonly resourceManagerEndpoint: string;
  /** What tokens for Azure Resource Manager are asked for; the scope is this plus `/.default`. */
  readonly audience: string;
  /** Base URL of Microsoft Entra ID, without a trailing slash and without a tenant. */
  readonly authorityHost: string;
  /** Follows the account name in the address of its blobs: `<account>.<blobSuffix>`. */
  readonly blobSuffix: string;
  /** Follows the vault name in its address: `<vault>.<vaultSuffix>`. */
  readonly vaultSuffix: string;
  /** Follows the region in the name of a public IP address: `<label>.<region>.<vmDnsSuffix>`. */
  readonly vmDnsSuffix: string;
  /**
   * Whether `authorityHost` is one that Microsoft runs. Only those can be looked up at login.microsoft.com before a
   * token is asked for; for others that look-up is left out.
   */
  readonly knownAuthority: boolean;
}

/**
 * The public values, as the Azure SDKs and the metadata endpoint of each environment
 * (`<resource manager>/metadata/endpoints`) state them.
 */
const CLOUDS: Readonly<Record<CloudName, Cloud>> = {
  AzurePublicCloud: {
    name: 'AzurePublicCloud',
    resourceManagerEndpoint: 'https://management.azure.com',
    audience: 'https://management.azure.com',
    authorityHost: 'https://login.microsoftonline.com',
    blobSuffix: 'blob.core.windows.net',
    vaultSuffix: 'vault.azure.net',
    vmDnsSuffix: 'cloudapp.azure.com',
    knownAuthority: true,
  },
  AzureUSGovernmentCloud: {
    name: 'AzureUSGovernmentCloud',
    resourceManagerEndpoint: 'https://management.usgovcloudapi.net',
    audience: 'https://management.usgovcloudapi.net',
    authorityHost: 'https://login.microsoftonline.us',
    blobSuffix: 'blob.core.usgovcloudapi.net',
    vaultSuffix: 'vault.usgovcloudapi.net',
    vmDnsSuffix: 'cloudapp.usgovcloudapi.net',
    knownAuthority: true,
  },
};

const baseUrl = z
  .url({ protocol: /^https$/, error: 'must be an https URL' })
  .refine((text) => new URL(text).search === '' && new URL(text).username === '', 'must not hold a query or user info')
  .transform((text) => text.replace(/\/+$/, ''));
const dnsSuffix = z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]+)?$/, 'must be a DNS suffix in lower case');

const override = z.strictObject({
  resourceManagerEndpoint: baseUrl.optional(),
  audience: z.string().min(1).optional(),
  authorityHost: baseUrl.optional(),
  blobSuffix: dnsSuffix.optional(),
  vaultSuffix: dnsSuffix.optional(),
  vmDnsSuffix: dnsSuffix.optional(),
});
const overrides = z.strictObject({
  AzurePublicCloud: override.optional(),
  AzureUSGovernmentCloud: override.optional(),
});

/** Values that replace the built-in ones of an environment, for private clouds. What is left out stays as built in. */
export type CloudOverrides = z.infer<typeof overrides>;

/**
 * Reads overrides from decoded JSON such as `{"AzurePublicCloud": {"resourceManagerEndpoint": "https://…"}}`.
 *
 * @throws an error that names every wrong or unknown property
 */
export function parseCloudOverrides(json: unknown): CloudOverrides {
  const result = overrides.safeParse(json);
  if (!result.success) {
    throw new Error(
      result.error.issues.map((issue) => `${issue.path.join('.') || 'cloud overrides'}: ${issue.message}`).join('; '),
    );
  }
  return result.data;
}

/** The environment called `name`, with the operator's overrides applied. */
export function resolveCloud(name: CloudName, cloudOverrides: CloudOverrides = {}): Cloud {
  const builtIn = CLOUDS[name];
  const given = Object.fromEntries(
    Object.entries(cloudOverrides[name] ?? {}).filter(([, value]) => value !== undefined),
  );
  const cloud: Cloud = { ...builtIn, ...given };
  return {
    ...cloud,
    knownAuthority: Object.values(CLOUDS).some((known) => known.authorityHost === cloud.authorityHost),
  };
}
