import { startAdminServiceSimulator } from '../adminservice/simulator.ts';
import { type Acceptor, type AcceptorOptions, startAcceptor } from './acceptor.ts';

/** A simulated SMS Provider that takes real Kerberos. */
export interface Provider extends Acceptor {
  /** `https://<host>:<port>`; the name has to lead to 127.0.0.1. */
  readonly url: string;
  /** PEM of the certificate authority that clients have to trust. */
  readonly caPem: string;
}

/** Starts the simulated AdminService of a server, behind an acceptor with the key of its service. */
export async function startProvider(options: AcceptorOptions): Promise<Provider> {
  const acceptor = startAcceptor(options);
  const { newNegotiator } = acceptor;
  const simulator = await startAdminServiceSimulator({ hostNames: [options.host], newNegotiator });
  return {
    ...acceptor,
    url: `https://${options.host}:${new URL(simulator.url).port}`,
    caPem: simulator.caPem,
    close: async () => {
      await Promise.all([simulator.close(), acceptor.close()]);
    },
  };
}
