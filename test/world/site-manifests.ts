import type { AdminServiceSimulator } from '../simulators/adminservice/simulator.ts';
import { type Manifest, secret } from './gateway-manifests.ts';

/** A server of the simulated site that may have a connection point. */
export const CONNECTION_POINT_SERVER = 'cp1.ps1.corp.contoso.com';

/** Another one, that can stand by. */
export const STANDBY_SERVER = 'cp2.ps1.corp.contoso.com';

/** What differs between the sites of tests. */
export interface SiteManifestOptions {
  readonly namespace: string;
  /** Name of the CMG that the connection point and the boundary group are for. */
  readonly cmg: string;
  /** Merged over the spec of the Site. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** What a gateway needs on the simulated site: the Site with its token, connection points, and a boundary group. */
export function siteManifests(
  site: Pick<AdminServiceSimulator, 'url' | 'caPem' | 'token' | 'control'>,
  { namespace, cmg, spec = {} }: SiteManifestOptions,
) {
  const object = (kind: string, name: string, of: object): Manifest => ({
    apiVersion: 'configmgr.io/v1alpha1',
    kind,
    metadata: { name, namespace },
    spec: of,
  });
  const refs = { siteRef: { name: 'ps1' }, cmgRef: { name: cmg } };
  const name = site.control.boundaryGroups[0]?.name;
  return {
    token: secret(namespace, 'site', 'Opaque', { token: site.token }),
    site: object('Site', 'ps1', {
      siteCode: 'PS1',
      type: 'StandalonePrimary',
      adminService: {
        url: site.url,
        caBundle: site.caPem,
        auth: { type: 'Bearer', bearer: { secretRef: { name: 'site' } } },
      },
      ...spec,
    }),
    point: object('ConnectionPoint', 'cp1', { ...refs, siteSystem: CONNECTION_POINT_SERVER }),
    standby: object('ConnectionPoint', 'cp2', { ...refs, siteSystem: STANDBY_SERVER, role: 'Standby' }),
    group: object('BoundaryGroupReference', 'branch', { ...refs, boundaryGroup: { name } }),
  };
}
