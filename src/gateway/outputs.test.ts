import { expect, test } from 'vitest';
import { contoso, observedOutputs } from './deployment.test-world.ts';
import {
  blobEndpoint,
  certificateUrl,
  gatewayAddress,
  gatewayFqdn,
  identityClientId,
  identityPrincipalId,
} from './outputs.ts';

const outputs = { blobEndpoint, certificateUrl, gatewayAddress, gatewayFqdn, identityClientId, identityPrincipalId };

test('outputs are read from what Azure shows', () => {
  const observed = observedOutputs(contoso);
  expect(Object.fromEntries(Object.entries(outputs).map(([name, read]) => [name, read(observed)]))).toEqual({
    blobEndpoint: 'https://granitefalls.blob.core.windows.net/',
    certificateUrl: `https://granitefalls.vault.azure.net/secrets/server-certificate/${'c3'.repeat(16)}`,
    gatewayAddress: '203.0.113.7',
    gatewayFqdn: 'granitefalls.westeurope.cloudapp.azure.com',
    identityClientId: '55555555-5555-4555-8555-555555555555',
    identityPrincipalId: '44444444-4444-4444-8444-444444444444',
  });
});

test.each([
  ['nothing is observed', new Map()],
  ['resources are there and say nothing', new Map([...observedOutputs(contoso).keys()].map((key) => [key, {}]))],
  [
    'values are empty or no text',
    new Map([
      ['identity', { properties: { principalId: '', clientId: null } }],
      ['publicIpAddress', { properties: { ipAddress: 7, dnsSettings: 'none' } }],
      ['storageAccount', { properties: { primaryEndpoints: null } }],
      ['certificate', { properties: [] }],
    ]),
  ],
])('outputs are unknown while %s', (_title, observed) => {
  for (const [name, read] of Object.entries(outputs)) {
    expect(read(observed), name).toBeUndefined();
  }
});
