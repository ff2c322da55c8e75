import { expect, test } from 'vitest';
import { prefixOf, storageAccountName } from './deployment.ts';

test.each([
  ['granitefalls.contoso.com', 'granitefalls', 'granitefalls'],
  ['GraniteFalls.Contoso.com', 'granitefalls', 'granitefalls'],
  ['contoso-cmg.contoso.com', 'contoso-cmg', 'contosocmg'],
  ['a-b-c-d.contoso.com', 'a-b-c-d', 'abcd'],
  ['granitefalls', 'granitefalls', 'granitefalls'],
])('%s names resources %s, and the storage account %s', (serviceName, prefix, account) => {
  expect(prefixOf(serviceName)).toBe(prefix);
  expect(storageAccountName(prefixOf(serviceName))).toBe(account);
});
