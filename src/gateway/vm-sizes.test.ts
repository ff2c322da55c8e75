import { expect, test } from 'vitest';
import { vmSku } from './vm-sizes.ts';

test.each([
  ['Lab', 'Standard_D2ads_v6'],
  ['Standard', 'Standard_D4ads_v6'],
  ['Large', 'Standard_D8ads_v6'],
] as const)('%s stands for the Azure size that Configuration Manager uses since 2609', (size, sku) => {
  expect(vmSku({ size })).toBe(sku);
});

test('Custom takes the size named beside it', () => {
  expect(vmSku({ size: 'Custom', sku: 'Standard_B4ms' })).toBe('Standard_B4ms');
});
