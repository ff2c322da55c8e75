import type { CMGSpecVm } from '../api/v1alpha1/cmg.generated.ts';

/**
 * The Azure VM size of each size that Configuration Manager knows. Since version 2609 it uses the Dads_v6 series; the
 * older B, A and D series retire in 2028 ("What's new in version 2609").
 */
const SKU_BY_SIZE = {
  Lab: 'Standard_D2ads_v6',
  Standard: 'Standard_D4ads_v6',
  Large: 'Standard_D8ads_v6',
} as const;

const SKUS_OF_SIZES: ReadonlySet<string> = new Set(Object.values(SKU_BY_SIZE));

/** The Azure VM size that a spec asks for. */
export function vmSku(vm: Pick<CMGSpecVm, 'size' | 'sku'>): string {
  return vm.size === 'Custom' ? (vm.sku ?? '') : SKU_BY_SIZE[vm.size];
}

/**
 * Whether VMs of this size take accelerated networking, as far as it is known: all of the Dads_v6 series do. Azure
 * refuses the option for sizes that do not, so others go without.
 */
export function hasAcceleratedNetworking(sku: string): boolean {
  return SKUS_OF_SIZES.has(sku);
}
