import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Test files that take longest, the longest first: from three minutes of waiting to forty seconds. Vitest would begin with
 * those that have most lines, so that a short file with days in it comes last, and all others wait for it.
 */
export const LONGEST_FILES: readonly string[] = [
  'test/integration/docs/commands.test.ts',
  'test/integration/demo/demo.test.ts',
  'test/integration/azure-cli/person.test.ts',
  'test/integration/redeployment/histories.test.ts',
  'test/integration/redeployment/carrier.test.ts',
  'test/integration/operator/bad-input.test.ts',
  'test/integration/operator/changes.test.ts',
  'test/integration/operator/namespace-deletion.test.ts',
  'test/integration/docs/tutorial.test.ts',
  'test/integration/operator/bad-certificate.test.ts',
  'test/integration/gateway/bad-packages.test.ts',
  'test/integration/operator/crash.test.ts',
  'test/integration/redeployment/on-site.test.ts',
  'test/integration/gitops/health.test.ts',
  'test/integration/azure-cli/demo.test.ts',
  'test/integration/control-plane.test.ts',
  'test/integration/image/image.test.ts',
  'test/integration/procedure/procedure.test.ts',
  'test/integration/operator/deletion.test.ts',
  'test/integration/chart/rbac.test.ts',
  'test/integration/chart/install.test.ts',
  'test/integration/redeployment/same-name.test.ts',
  'test/integration/bundle.test.ts',
  'test/integration/gitops/in-sync.test.ts',
  'test/redeployment/mutants.test.ts',
  'test/faults/azure-writes.test.ts',
  'test/redeployment/carrier.test.ts',
  'test/faults/kubernetes-writes.test.ts',
  'test/redeployment/console-gateway.test.ts',
  'test/redeployment/adopted-leaving.test.ts',
  'test/redeployment/kept-gateway.test.ts',
  'test/redeployment/lost-state.test.ts',
  'test/redeployment/site-provisioner.test.ts',
  'scripts/release/release.test.ts',
  'src/azure/blobs.test.ts',
  'test/redeployment/exploration.test.ts',
];

/** Begins with the longest files, and goes on as Vitest does. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((left, right) => placeOf(left) - placeOf(right));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONGEST_FILES.findIndex((file) => moduleId.endsWith(`/${file}`));
  return place === -1 ? LONGEST_FILES.length : place;
}
