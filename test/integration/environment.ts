import type { TestProject } from 'vitest/node';
import { startControlPlane } from '../cluster/control-plane.ts';
import { installDefinitions } from '../cluster/definitions.ts';
import { progressWriter } from '../cluster/progress.ts';

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
 * Starts the control plane that the integration tests of one run share, with the project's definitions installed.
 * Vitest calls it once before the first test file, and what it returns after the last. Each test makes a namespace of
 * its own in it (`test/cluster/shared.ts`); a test that restarts or breaks servers starts a control plane of its own.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const progress = progressWriter(process.stderr);
  const controlPlane = await startControlPlane({ progress: progress.report });
  progress.done();
  try {
    await installDefinitions(controlPlane.api);
  } catch (error) {
    await controlPlane.stop();
    throw error;
  }
  project.provide('kubeconfig', controlPlane.kubeconfig);
  project.provide('kubeconfigPath', controlPlane.kubeconfigPath);
  project.provide('kubectlPath', controlPlane.kubectlPath);
  return () => controlPlane.stop();
}
