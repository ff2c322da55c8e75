import { Agent, request } from 'undici';
import { inject, onTestFinished } from 'vitest';
import type { CMG } from '../../../src/api/v1alpha1/cmg.generated.ts';
import { watchEvents } from '../../../src/runtime/watch-stream.ts';
import { connectionOf } from '../../cluster/api-client.ts';

/** Every version that the CMGs of a namespace have had since the watch began, oldest first. */
export interface Versions {
  seen(): readonly CMG[];
}

/** Watches the CMGs of a namespace until the test ends. */
export async function watchVersions(namespace: string): Promise<Versions> {
  const { server, caPem, certPem, keyPem } = connectionOf(inject('kubeconfig'));
  const dispatcher = new Agent({ connect: { ca: caPem, cert: certPem, key: keyPem }, bodyTimeout: 0 });
  const path = `/apis/configmgr.io/v1alpha1/namespaces/${namespace}/cmgs?watch=true`;
  const { body } = await request(`${server}${path}`, { dispatcher });
  const versions: CMG[] = [];
  const reading = (async () => {
    for await (const events of watchEvents<CMG>(body, path)) {
      versions.push(...events.map(({ object }) => object));
    }
  })();
  // The watch is broken off when the test is over.
  reading.catch(() => {});
  onTestFinished(async () => {
    await dispatcher.destroy();
    await reading.catch(() => {});
  });
  return { seen: () => versions };
}
