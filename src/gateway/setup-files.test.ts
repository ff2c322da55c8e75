import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { contoso } from './deployment.test-world.ts';
import { packageBlobName, settingsFile, setupFileUrl } from './setup-files.ts';

test.each(['https://contoso.blob.core.windows.net/', 'https://contoso.blob.core.windows.net'])(
  'a package is named by its hash, at %s',
  (endpoint) => {
    expect(setupFileUrl(endpoint, packageBlobName('ab'.repeat(32)))).toBe(
      `https://contoso.blob.core.windows.net/packages/${'ab'.repeat(32)}.zip`,
    );
  },
);

test('settings are named by their hash, and only what a VM is told makes others of them', () => {
  const { name, content, sha256 } = settingsFile(contoso);
  expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
  expect(name).toBe(`settings-${sha256}.json`);
  expect(settingsFile({ ...contoso, instances: 5, vmSku: 'Standard_D8ads_v6' }).name).toBe(name);
  expect(settingsFile({ ...contoso, minimumTlsVersion: '1.0' }).name).not.toBe(name);
});
