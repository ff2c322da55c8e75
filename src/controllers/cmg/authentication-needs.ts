import type {
  CMG,
  CMGStatusClientAuthenticationItem,
  CMGStatusClientAuthenticationItemNeed,
} from '../../api/v1alpha1/cmg.generated.ts';
import type { ClientAuthentication, ClientFacingRole } from '../../site/site.ts';
import { hasRelease } from '../site/site-version.ts';

/** What is known of a site; `undefined`: not read, or not understood. */
export interface KnownOfSite {
  readonly version: string | undefined;
  readonly roles: readonly ClientFacingRole[] | undefined;
  /** By the code of each primary site. */
  readonly clientAuthentication: ReadonlyMap<string, ClientAuthentication>;
  readonly allowCmg: boolean | undefined;
}

export const NOTHING_KNOWN: KnownOfSite = {
  version: undefined,
  roles: undefined,
  clientAuthentication: new Map(),
  allowCmg: undefined,
};

type Need = CMGStatusClientAuthenticationItemNeed;

const UNSEEN = 'The operator cannot see it.';

/**
 * In which ways clients may prove who they are to a gateway, by what is declared, and what each way needs ("Configure
 * authentication for cloud management gateway"). What cannot be seen is listed as Unknown, with where to look.
 */
export function authenticationNeeds(
  cmg: CMG,
  site: KnownOfSite,
  certificateIsValid: boolean,
): readonly CMGStatusClientAuthenticationItem[] {
  const { entra, clientAuthentication } = cmg.spec;
  const certificates = (clientAuthentication.trustedCertificates ?? []).length > 0;
  const common = [serverCertificate(certificateIsValid), managementPoint(site), clientSetting(site)];
  return [
    ...(certificates
      ? [{ method: 'ClientCertificate' as const, needs: [...common, ...clientCertificateNeeds(cmg, site)] }]
      : []),
    ...(entra === undefined ? [] : [{ method: 'EntraId' as const, needs: [...common, entraIntegration()] }]),
    { method: 'SiteToken', needs: [...common, tokens(site)] },
  ];
}

function serverCertificate(met: boolean): Need {
  return {
    need: 'ServerCertificate',
    met: met ? 'True' : 'Unknown',
    message: met ? 'The server certificate is in order.' : 'See the condition CertificateValid.',
  };
}

function managementPoint({ roles, clientAuthentication }: KnownOfSite): Need {
  const need = 'ManagementPoint';
  if (roles === undefined) {
    const message = `A management point that takes gateway traffic, with HTTPS or Enhanced HTTP. ${UNSEEN}`;
    return { need, met: 'Unknown', message };
  }
  const open = roles.filter(({ role, allowCmgTraffic }) => role === 'ManagementPoint' && allowCmgTraffic);
  if (open.length === 0) {
    const message =
      'No management point takes gateway traffic. Declare one in spec.clientFacingRoles of the Site, with allowCmgTraffic true.';
    return { need, met: 'False', message };
  }
  const secure = open.filter(
    ({ protocol, siteCode }) => protocol === 'Https' || clientAuthentication.get(siteCode)?.enhancedHttp === true,
  );
  const [first] = secure;
  if (first !== undefined) {
    return { need, met: 'True', message: `The management point on ${first.server} takes gateway traffic.` };
  }
  const unclear = open.some(({ protocol, siteCode }) => protocol === 'Unknown' || !clientAuthentication.has(siteCode));
  const servers = open.map(({ server }) => server).join(', ');
  return {
    need,
    met: unclear ? 'Unknown' : 'False',
    message: `The management points on ${servers} take gateway traffic, and ${unclear ? 'whether they use' : 'use neither'} HTTPS ${unclear ? 'or Enhanced HTTP is not known' : 'nor Enhanced HTTP'}.`,
  };
}

function clientSetting({ allowCmg }: KnownOfSite): Need {
  return {
    need: 'ClientSetting',
    met: allowCmg === undefined ? 'Unknown' : allowCmg ? 'True' : 'False',
    message:
      allowCmg === undefined
        ? `The client settings enable clients to use a cloud management gateway. ${UNSEEN} Look at the group Cloud Services.`
        : allowCmg
          ? 'The default client settings enable clients to use a cloud management gateway.'
          : 'The default client settings keep clients from using a cloud management gateway. Set spec.clientSettings.allowCmg of the Site to true.',
  };
}

function clientCertificateNeeds({ spec }: CMG, { roles, clientAuthentication }: KnownOfSite): readonly Need[] {
  const sites = [...clientAuthentication];
  const without = sites.filter(([, { usePkiCertificate, httpsOnly }]) => !usePkiCertificate && !httpsOnly);
  const codes = without.map(([siteCode]) => siteCode).join(', ');
  const https = roles?.some(
    ({ role, allowCmgTraffic, protocol }) => role === 'ManagementPoint' && allowCmgTraffic && protocol === 'Https',
  );
  return [
    {
      need: 'TrustedCertificates',
      met: 'True',
      message: 'spec.clientAuthentication.trustedCertificates has the authorities of client certificates.',
    },
    {
      need: 'UsePkiCertificate',
      met: sites.length === 0 ? 'Unknown' : without.length === 0 ? 'True' : 'False',
      message:
        sites.length === 0
          ? `Clients of the site use a certificate of a PKI. ${UNSEEN}`
          : without.length === 0
            ? 'Clients of the site use a certificate of a PKI when there is one.'
            : `Clients of the site ${codes} do not use certificates of a PKI. Set spec.clientAuthentication.usePkiCertificate of the Site to true.`,
    },
    {
      need: 'ConnectionPointCertificate',
      met: https === false ? 'True' : 'Unknown',
      message:
        https === false
          ? 'The servers with the connection points need no client authentication certificate, as no management point for gateway traffic uses HTTPS.'
          : `Each server with a connection point has a client authentication certificate, if a management point uses HTTPS. ${UNSEEN}`,
    },
    {
      need: 'ClientCertificates',
      met: 'Unknown',
      message: `Each client has a client authentication certificate of these authorities. ${UNSEEN}`,
    },
    ...(spec.clientAuthentication.verifyRevocation
      ? [
          {
            need: 'RevocationList',
            met: 'Unknown' as const,
            message: `The revocation lists of these authorities can be read from the internet, as spec.clientAuthentication.verifyRevocation is true. ${UNSEEN}`,
          },
        ]
      : []),
  ];
}

function entraIntegration(): Need {
  return {
    need: 'EntraIntegration',
    met: 'Unknown',
    message: `The site is connected to the tenant with these applications: console, Administration, Cloud Services, Azure Services, Cloud Management. ${UNSEEN}`,
  };
}

function tokens({ version }: KnownOfSite): Need {
  const has = hasRelease(version, 2002);
  return {
    need: 'SiteVersion',
    met: has === undefined ? 'Unknown' : has ? 'True' : 'False',
    message:
      has === undefined
        ? `The site has version 2002 or newer. ${UNSEEN}`
        : has
          ? `The site has version ${version}, which issues tokens.`
          : `The site has version ${version}; tokens need 2002 or newer.`,
  };
}
