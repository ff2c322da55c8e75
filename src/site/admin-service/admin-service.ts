import type { SiteDriver } from '../driver.ts';
import type { SiteFacts } from '../site.ts';
import { adminServiceDriver } from './changes.ts';
import { adminServiceFacts } from './facts.ts';
import { createODataClient } from './odata-client.ts';
import { type AdminServiceOptions, createSiteTransport, NETWORK_CLOCK } from './transport.ts';

export type { AdminServiceOptions, SiteMethod, SiteRequestObserver } from './transport.ts';

/** The AdminService of a site: what it tells, and the changes that it has a form for. */
export interface AdminService {
  readonly facts: SiteFacts;
  readonly driver: SiteDriver;
  /** Breaks off what is under way and closes the connections. */
  close(): Promise<void>;
}

/** Makes it; connects when first used. @throws Error when the address is no `https:` one */
export function createAdminService(options: AdminServiceOptions): AdminService {
  const transport = createSiteTransport(options);
  const client = createODataClient(transport);
  const facts = adminServiceFacts(client, NETWORK_CLOCK);
  return { facts, driver: adminServiceDriver(client), close: transport.close };
}
