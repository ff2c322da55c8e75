import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { connectionOf } from '../../cluster/api-client.ts';
import { sharedApi } from '../../cluster/shared.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { appliedObjects } from './applied-objects.ts';
import { openHelm, type RenderedObject, withValues } from './helm.ts';
import { isBinding, isBound, tellingRightsOf } from './rights.ts';
import { serviceAccountKubeconfig, untilGranted } from './service-account.ts';

/** Stands for the namespace of a test, in which both the operator and its gateways are. */
const PLACEHOLDER = 'namespace-of-the-test';
const ACCOUNT = 'cmg-operator';

let rendered: Promise<readonly RenderedObject[]> | undefined;

/** Renders the rights once for all tests of a file. It may take long the first time, as helm may have to be built. */
export async function prepareOperatorRights(): Promise<void> {
  rendered ??= renderRights();
  await rendered;
}

async function renderRights(): Promise<readonly RenderedObject[]> {
  const directory = makeTemporaryDirectory();
  try {
    const chosen = ['--set', `watch.namespaces={${PLACEHOLDER}}`, '--namespace', PLACEHOLDER];
    const objects = await (await openHelm(directory)).render(...withValues('default-values.yaml'), ...chosen);
    return objects.filter((each) => each.kind === 'ServiceAccount' || isBinding(each) || isBound(each, objects));
  } finally {
    removeTemporaryDirectory(directory);
  }
}

/**
 * Makes the service account of the Helm chart in a namespace, with the rights that the chart gives it there and no others.
 * Returns the path of its kubeconfig. All of it goes with the test.
 */
export async function operatorKubeconfig(namespace: string): Promise<string> {
  await prepareOperatorRights();
  const objects: readonly RenderedObject[] = JSON.parse(
    JSON.stringify(await rendered).replaceAll(PLACEHOLDER, namespace),
  );
  const api = sharedApi();
  const applied = appliedObjects(api, objects);
  const directory = makeTemporaryDirectory();
  onTestFinished(async () => {
    await applied.remove();
    removeTemporaryDirectory(directory);
  });
  await applied.apply();
  const account = { namespace, name: ACCOUNT };
  await untilGranted(api, account, tellingRightsOf(account, objects));
  const path = join(directory, 'kubeconfig.yaml');
  const kubeconfig = await serviceAccountKubeconfig(api, connectionOf(inject('kubeconfig')), account);
  writeFileSync(path, kubeconfig, { mode: 0o600 });
  return path;
}
