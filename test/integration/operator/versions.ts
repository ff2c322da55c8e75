import { inject, onTestFinished } from 'vitest';
import type { CMG } from '../../../src/api/v1alpha1/cmg.generated.ts';
import { connectionOf } from '../../cluster/api-client.ts';
import { watchCmgs } from '../../cluster/watched-cmgs.ts';

/** Every version that the CMGs of a namespace have had since the watch began, oldest first. */
export interface Versions {
  seen(): readonly CMG[];
}

/** Watches the CMGs of a namespace until the test ends. */
export async function watchVersions(namespace: string): Promise<Versions> {
  const versions: CMG[] = [];
  const watch = await watchCmgs(connectionOf(inject('kubeconfig')), namespace, (cmg) => versions.push(cmg));
  onTestFinished(() => watch.close());
  return { seen: () => versions };
}
