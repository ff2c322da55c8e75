import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { installAdmissionPolicies } from '../cluster/admission-policies.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { installDefinitions } from '../cluster/definitions.ts';
import { progressWriter } from '../cluster/progress.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../cluster/temporary-directory.ts';
import { AZURITE_VARIABLE, startAzuriteOfRun } from '../simulators/arm/blobs/azurite-of-run.ts';
import { RECORDINGS_VARIABLE } from '../simulators/arm/recording-of-run.ts';
import { PACKAGES_VARIABLE } from '../simulators/gateway/package-archive.ts';
import { auditLogIn, refusedRights } from './chart/rights.ts';
import { judgeRecordings } from './judged-recordings.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** YAML of an administrator's kubeconfig for the control plane that all integration tests of a run share. */
    kubeconfig: string;
    /** A file with the same. */
    kubeconfigPath: string;
    kubectlPath: string;
  }
}

/**
 * Starts the control plane that the integration tests of one run share, with the project's definitions and admission policies
 * installed.
 * Vitest calls it once before the first test file, and what it returns after the last. Each test makes a namespace of
 * its own in it (`test/cluster/shared.ts`); a test that restarts or breaks servers starts a control plane of its own.
 *
 * The operators in it run with the service account and the rights of the Helm chart, or of the manifests in `deploy/`. A request that one of them was
 * refused for want of a right fails the run at its end, wherever it was made. So does a request to Azure, or an answer of the
 * simulated one, that Microsoft's definitions do not allow. The simulated Azures have one Azurite together,
 * and the service packages that one of them has made.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const progress = progressWriter(process.stderr);
  const directory = makeTemporaryDirectory();
  const recordings = join(directory, 'recordings');
  mkdirSync(recordings);
  // Read by the simulators in the workers, which start after this.
  process.env[RECORDINGS_VARIABLE] = recordings;
  const log = auditLogIn(directory);
  const azurite = await startAzuriteOfRun(directory);
  process.env[AZURITE_VARIABLE] = azurite.path;
  process.env[PACKAGES_VARIABLE] = directory;
  const controlPlane = await startControlPlane({ progress: progress.report, apiServerFlags: log.apiServerFlags });
  progress.done();
  const stop = async () => {
    await controlPlane.stop();
    await azurite.close();
    removeTemporaryDirectory(directory);
  };
  try {
    await installDefinitions(controlPlane.api);
    await installAdmissionPolicies(controlPlane.api);
  } catch (error) {
    await stop();
    throw error;
  }
  project.provide('kubeconfig', controlPlane.kubeconfig);
  project.provide('kubeconfigPath', controlPlane.kubeconfigPath);
  project.provide('kubectlPath', controlPlane.kubectlPath);
  return async () => {
    try {
      if (existsSync(log.path)) failWhenRefused(log.path);
      console.log(await judgeRecordings(recordings));
    } finally {
      await stop();
    }
  };
}

function failWhenRefused(auditLog: string): void {
  const refused = refusedRights(auditLog);
  if (refused.length > 0) {
    throw new Error(`A service account was refused what the roles of chart or manifests lack:\n${refused.join('\n')}`);
  }
}
