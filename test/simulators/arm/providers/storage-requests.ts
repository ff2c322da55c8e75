import { ArmFault } from '../arm-fault.ts';

/** What the types of `Microsoft.Storage` have in common. */

export const BLOB_SERVICE_TYPE = 'Microsoft.Storage/storageAccounts/blobServices';

/** The api-versions of `Microsoft.Storage` that are served. */
export const STORAGE_API_VERSIONS = [
  '2026-09-01',
  '2026-04-01',
  '2025-08-01',
  '2025-06-01',
  '2025-01-01',
  '2024-01-01',
  '2023-05-01',
  '2023-01-01',
  '2022-09-01',
] as const;

/** An account that is still being made takes no other request. */
export function storageAccountIsNotProvisioned(): ArmFault {
  return new ArmFault(
    409,
    'StorageAccountIsNotProvisioned',
    "The storage account provisioning state must be 'Succeeded' before executing the operation.",
  );
}
