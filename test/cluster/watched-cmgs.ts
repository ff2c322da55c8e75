import { Agent, request } from 'undici';
import type { CMG } from '../../src/api/v1alpha1/cmg.generated.ts';
import { watchEvents } from '../../src/runtime/watch-stream.ts';
import { type ApiConnection, presenting } from './api-client.ts';

/** A watch that goes on until it is closed. */
export interface CmgWatch {
  close(): Promise<void>;
}

/** Watches the CMGs of a namespace: tells of every version that they have from now on, oldest first. */
export async function watchCmgs(
  { server, caPem, credentials }: ApiConnection,
  namespace: string,
  onVersion: (cmg: CMG) => void,
): Promise<CmgWatch> {
  const { headers, connect } = presenting(credentials);
  const dispatcher = new Agent({ connect: { ca: caPem, ...connect }, bodyTimeout: 0 });
  const path = `/apis/configmgr.io/v1alpha1/namespaces/${namespace}/cmgs?watch=true`;
  const { body } = await request(`${server}${path}`, { dispatcher, headers });
  const reading = (async () => {
    for await (const events of watchEvents<CMG>(body, path)) {
      for (const { object } of events) onVersion(object);
    }
  })();
  // The watch is broken off when it is closed.
  reading.catch(() => {});
  return {
    close: async () => {
      await dispatcher.destroy();
      await reading.catch(() => {});
    },
  };
}
