import { systemClock } from '../../../src/runtime/clock.ts';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import {
  type AdminService,
  type AdminServiceOptions,
  createAdminService,
} from '../../../src/site/admin-service/admin-service.ts';
import { bearerAuthentication } from '../../../src/site/authentication.ts';
import {
  type AdminServiceSimulator,
  type AdminServiceSimulatorOptions,
  startAdminServiceSimulator,
} from './simulator.ts';

/** A site whose time is moved by hand, and a client of it whose time is the machine's. */
export interface AdminServiceWorld extends AsyncDisposable {
  readonly site: AdminServiceSimulator;
  readonly clock: ManualClock;
  readonly adminService: AdminService;
  readonly signal: AbortSignal;
  /** Another client. */
  connect(options?: Partial<AdminServiceOptions>): AdminService;
}

export const GATEWAY = 'GraniteFalls.contoso.com';
export const CONNECTION_POINT = 'cp1.ps1.corp.contoso.com';
export const STANDBY = 'cp2.ps1.corp.contoso.com';

/** Starts one, with one gateway that has been there for a while. */
export async function startAdminServiceWorld(options: AdminServiceSimulatorOptions = {}): Promise<AdminServiceWorld> {
  const clock = createManualClock();
  const site = await startAdminServiceSimulator({ clock, ...options });
  site.control.addServingGateway({ serviceName: GATEWAY, siteCode: 'PS1' }, CONNECTION_POINT);
  const opened: AdminService[] = [];
  const connect = (changes: Partial<AdminServiceOptions> = {}) => {
    const adminService = createAdminService({
      url: site.url,
      caBundle: site.caPem,
      authentication: bearerAuthentication(async () => site.token, systemClock),
      clock: systemClock,
      userAgent: 'test',
      ...changes,
    });
    opened.push(adminService);
    return adminService;
  };
  return {
    site,
    clock,
    connect,
    adminService: connect(),
    signal: new AbortController().signal,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(opened.map((each) => each.close()));
      await site.close();
    },
  };
}
