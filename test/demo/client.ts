import type { ArmSimulator } from '../simulators/arm/simulator.ts';
import { servedCertificate, type Visit, visit } from '../simulators/gateway/gateway-client.ts';

/** The path of a management point for clients with a token, as the site would tell it. */
const PATH = '/CCM_Proxy_ServerAuth/72057594037927941';

/** What a client on the internet notices of a gateway. */
export interface Noticed {
  /** SHA-256 of the certificate that is presented; `undefined` when the gateway cannot be reached. */
  readonly certificate: string | undefined;
  /** Status of the answer to a client that shows no token; `undefined` likewise. */
  readonly status: number | undefined;
}

/**
 * Connects as a client does: by the address that Azure gave, with the name that the certificate is for.
 *
 * @param fqdn DNS name that Azure gave the gateway
 */
export async function connectAsClient(
  { control, gateways }: Pick<ArmSimulator, 'control' | 'gateways'>,
  { fqdn, serviceName, trusted }: { readonly fqdn: string; readonly serviceName: string; readonly trusted: string },
): Promise<Noticed> {
  const address = control.addressOf(fqdn);
  const to: Visit = {
    endpoint: address === undefined ? undefined : gateways.endpoint(address, 443),
    serviceName,
    trusted,
  };
  const [certificate, answer] = await Promise.all([servedCertificate(to), visit(PATH, to)]);
  return { certificate, status: answer.kind === 'Answered' ? answer.status : undefined };
}
