import type { Finding } from './finding.ts';

/** What a CMG that is to be deleted says while it carries the clients of another one: it stays until that one has its own again. */
export function carriesClientsOf(claimant: string): Finding {
  const message = `This CMG carries the clients of ${claimant}, whose gateway is being replaced. It is deleted when that one has been advertised for its wait. If that one is suspended or only observed, let it go on; if it is deleted, this one goes too.`;
  return { type: 'AzureReady', status: 'False', reason: 'CarriesClientsOf', message };
}
