import type { SimulatedSite } from './world.ts';

/** `SMS_EmbeddedProperty`. */
export interface EmbeddedProperty {
  readonly PropertyName: string;
  readonly Value: number;
  readonly Value1: string;
  readonly Value2: string;
}

/** One site role on one server. */
export interface SiteRole {
  readonly server: string;
  readonly siteCode: string;
  readonly roleName: string;
  /** 0 HTTP, 1 HTTPS, 2 not applicable. */
  readonly sslState: number;
  props: readonly EmbeddedProperty[];
  /** When a connection point was last linked to another gateway, in milliseconds since the epoch. */
  linkedAt: number;
}

/** `SMS_SITE_COMPONENT_MANAGER` of a primary site. */
export interface SiteComponent {
  readonly siteCode: string;
  readonly server: string;
  props: readonly EmbeddedProperty[];
}

export interface LinkedPoint {
  readonly role: SiteRole;
  readonly serviceName: string;
  readonly linkedAt: number;
}

export interface SiteSystems {
  readonly roles: SiteRole[];
  readonly components: readonly SiteComponent[];
  roleOn(server: string, roleName: string): SiteRole | undefined;
  /** Connection points that are linked to a gateway. */
  linkedTo(serviceName: string): readonly LinkedPoint[];
}

export const ROLE = {
  connectionPoint: 'SMS Cloud Proxy Connector',
  managementPoint: 'SMS Management Point',
  softwareUpdatePoint: 'SMS Software Update Point',
  siteSystem: 'SMS Site System',
} as const;

/**
 * The property that links a connection point to a gateway. What it is called on a site is not known: this name is made up,
 * and nothing may depend on it.
 */
export const LINK_PROPERTY = 'Simulated Link To Service';

export const ALLOW_CMG_TRAFFIC = 'AllowProxyTraffic';
export const SSL_STATE = 'IISSSLState';

/** Bits of `IISSSLState`. */
const HTTPS_OR_HTTP_WITH_REVOCATION = 0xc0 | 0x20;
const ENHANCED_HTTP = 0x400;

export function property(name: string, value: number, value1 = '', value2 = ''): EmbeddedProperty {
  return { PropertyName: name, Value: value, Value1: value1, Value2: value2 };
}

/** Name of the gateway that a connection point is linked to, or empty. */
export function linkOf(role: SiteRole): string {
  return role.props.find(({ PropertyName }) => PropertyName === LINK_PROPERTY)?.Value1 ?? '';
}

/** Two management points, a software update point and two servers for connection points on each primary site. */
export function startingSiteSystems(sites: readonly SimulatedSite[]): SiteSystems {
  const primaries = sites.filter(({ type }) => type === 2);
  const roles = primaries.flatMap(({ siteCode }) => {
    const fqdn = (name: string) => `${name}.${siteCode.toLowerCase()}.corp.contoso.com`;
    return [
      managementPoint(fqdn('mp1'), siteCode),
      managementPoint(fqdn('mp2'), siteCode),
      softwareUpdatePoint(fqdn('sup1'), siteCode),
      ...['mp1', 'mp2', 'sup1', 'cp1', 'cp2'].map((name) => newRole(fqdn(name), siteCode, ROLE.siteSystem, 2, [])),
    ];
  });
  return {
    roles,
    components: primaries.map(({ siteCode, serverName }) => ({
      siteCode,
      server: serverName,
      props: [
        property(SSL_STATE, HTTPS_OR_HTTP_WITH_REVOCATION | ENHANCED_HTTP),
        property('Enforce Message Signing', 1),
        property('Certificate Store', 0, 'Personal'),
        property('Something Nobody Documents', 7, 'seven', 'VII'),
      ],
    })),
    roleOn: (server, roleName) => {
      const wanted = server.toLowerCase();
      return roles.find((role) => role.server.toLowerCase() === wanted && role.roleName === roleName);
    },
    linkedTo: (serviceName) => {
      const wanted = serviceName.toLowerCase();
      return roles
        .filter((role) => role.roleName === ROLE.connectionPoint && linkOf(role).toLowerCase() === wanted)
        .map((role) => ({ role, serviceName, linkedAt: role.linkedAt }));
    },
  };
}

function managementPoint(server: string, siteCode: string): SiteRole {
  return newRole(server, siteCode, ROLE.managementPoint, 1, [
    property(ALLOW_CMG_TRAFFIC, 0),
    property('MPInternetFacing', 0),
    property('MPIntranetFacing', 1),
    property('UseSiteDatabase', 1),
    property('Undocumented Setting', 3, 'keep', 'me'),
  ]);
}

function softwareUpdatePoint(server: string, siteCode: string): SiteRole {
  return newRole(server, siteCode, ROLE.softwareUpdatePoint, 2, [
    property(ALLOW_CMG_TRAFFIC, 0),
    property('SSLWSUS', 1),
    property('IsINF', 0),
    property('IsIntranet', 1),
  ]);
}

export function newRole(
  server: string,
  siteCode: string,
  roleName: string,
  sslState: number,
  props: readonly EmbeddedProperty[],
): SiteRole {
  return { server, siteCode, roleName, sslState, props, linkedAt: 0 };
}
