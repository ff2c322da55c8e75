import { describe, expect, it } from 'vitest';
import { parseCloudOverrides, resolveCloud } from './clouds.ts';

describe('resolveCloud', () => {
  it('knows where US Government is', () => {
    expect(resolveCloud('AzureUSGovernmentCloud')).toEqual({
      name: 'AzureUSGovernmentCloud',
      resourceManagerEndpoint: 'https://management.usgovcloudapi.net',
      audience: 'https://management.usgovcloudapi.net',
      authorityHost: 'https://login.microsoftonline.us',
      blobSuffix: 'blob.core.usgovcloudapi.net',
      vaultSuffix: 'vault.usgovcloudapi.net',
      vmDnsSuffix: 'cloudapp.usgovcloudapi.net',
      knownAuthority: true,
    });
  });

  it('replaces only what the operator gives, and only for that environment', () => {
    const overrides = parseCloudOverrides({
      AzurePublicCloud: { resourceManagerEndpoint: 'https://arm.local:8443/', authorityHost: 'https://entra.local' },
    });
    const cloud = resolveCloud('AzurePublicCloud', overrides);
    expect(cloud.resourceManagerEndpoint).toBe('https://arm.local:8443');
    expect(cloud.vaultSuffix).toBe('vault.azure.net');
    expect(cloud.knownAuthority).toBe(false);
    expect(resolveCloud('AzureUSGovernmentCloud', overrides)).toEqual(resolveCloud('AzureUSGovernmentCloud'));
  });

  it('takes an authority of Microsoft under another environment for a known one', () => {
    const overrides = { AzurePublicCloud: { authorityHost: 'https://login.microsoftonline.us' } };
    expect(resolveCloud('AzurePublicCloud', overrides).knownAuthority).toBe(true);
  });
});

describe('parseCloudOverrides', () => {
  it('names every mistake', () => {
    const parse = () =>
      parseCloudOverrides({
        AzurePublicCloud: { resourceManagerEndpoint: 'http://arm.local', blobSufix: 'x' },
        AzureChinaCloud: {},
      });
    expect(parse).toThrow(/AzurePublicCloud\.resourceManagerEndpoint: must be an https URL/);
    expect(parse).toThrow(/blobSufix/);
    expect(parse).toThrow(/AzureChinaCloud/);
  });
});
