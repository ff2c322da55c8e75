import { stringify } from 'yaml';
import type { CMG } from '../../../src/api/v1alpha1/cmg.generated.ts';
import type { SimulatedWorld } from '../../world/simulated-world.ts';
import type { GatewayTest } from '../operator/suite.ts';

/** What stands in files in place of what is new in each run. */
const FIXED = {
  namespace: 'gateways',
  uid: '0b5b1c7e-6f2d-4e0c-9d3a-5c1f7b2a4e60',
  time: '2026-03-02T08:00:00Z',
  tenantId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  subscriptionId: '8a0b1c2d-3e4f-4a5b-8c7d-9e0f1a2b3c4d',
  clientId: '1d2c3b4a-5f6e-4d7c-8b9a-0f1e2d3c4b5a',
  packageUrl: 'https://packages.contoso.com/cmg/service-package.zip',
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  fingerprint: '5d41402abc4b2a76b9719d911017c592ae2f1b2b0b822cd15d6c15b0f00a0899',
  // The second is the one that takes the place of the first.
  deployments: [
    { id: 'f3a9c2d1', address: '203.0.113.10' },
    { id: '7b20e8c4', address: '203.0.113.11' },
  ],
  roleAssignment: '4d97b98b-1d4f-4787-a291-c67834d212e7',
  day: '2027-03-02',
};

/**
 * The YAML of a CMG as the API server stores it, with what differs from run to run replaced: ids, times, names of the test's
 * namespace, and what the API server keeps for itself.
 */
export function seenGateway(cmg: CMG, { namespace }: GatewayTest, { azure, packages }: SimulatedWorld): string {
  const {
    managedFields: _,
    resourceVersion: __,
    ...metadata
  } = cmg.metadata as CMG['metadata'] & {
    readonly managedFields?: unknown;
  };
  const { deployments = [] } = cmg.status ?? {};
  const replacements: readonly (readonly [string | RegExp | undefined, string])[] = [
    [namespace, FIXED.namespace],
    [metadata.uid, FIXED.uid],
    [azure.tenantId, FIXED.tenantId],
    [azure.subscriptionId, FIXED.subscriptionId],
    [azure.clientId, FIXED.clientId],
    [packages.url, FIXED.packageUrl],
    [packages.sha256, FIXED.sha256],
    [/(?<="sha256Fingerprint":")[0-9a-f]{64}/g, FIXED.fingerprint],
    ...deployments.flatMap(({ id, address }, at): [string | undefined, string][] => [
      [id, FIXED.deployments[at]?.id ?? id],
      [address, FIXED.deployments[at]?.address ?? ''],
    ]),
    [/(?<=roleAssignments\/)[0-9a-f-]{36}/g, FIXED.roleAssignment],
    [/(?<=until )\d{4}-\d\d-\d\d(?=\.)/g, FIXED.day],
    [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, FIXED.time],
  ];
  // Before it becomes YAML, which quotes an id that happens to look like a number.
  const text = replacements.reduce(
    (all, [from, to]) => (from === undefined || from === '' ? all : all.replaceAll(from, to)),
    JSON.stringify({ ...cmg, metadata }),
  );
  return stringify(JSON.parse(text), { lineWidth: 0, aliasDuplicateObjects: false });
}
