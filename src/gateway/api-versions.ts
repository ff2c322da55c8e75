/**
 * The API versions that the graph is written for. Each is served by both supported Azure environments; key vault versions
 * before 2026-02-01 retire on 27 February 2027.
 */
export const API_VERSIONS = {
  resourceGroups: '2025-04-01',
  network: '2025-03-01',
  compute: '2024-11-01',
  storage: '2025-06-01',
  keyVault: '2026-02-01',
  managedIdentity: '2024-11-30',
  authorization: '2022-04-01',
} as const;
