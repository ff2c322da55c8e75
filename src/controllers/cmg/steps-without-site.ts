import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import { cmdletLine, type Placeholder, SWITCH } from '../../site/cmdlets.ts';
import { connectionPorts } from '../site/gateway-of-cmg.ts';
import type { SiteStep } from './site-requirements.ts';

const SERVER: Placeholder = { placeholder: 'FQDN of the server' };
const SITE_CODE: Placeholder = { placeholder: 'code of its primary site' };
const GROUP: Placeholder = { placeholder: 'name of the boundary group' };

/**
 * What a person does on the site of a gateway whose CMG names none. The operator cannot see whether it is done, so the list
 * stays as it is.
 */
export function stepsWithoutSite({ spec }: CMG): readonly SiteStep[] {
  const name = spec.serviceName;
  const ports = connectionPorts(spec.vm.instances);
  const which = ports.length > 2 ? `${ports[0]} to ${ports.at(-1)}` : ports.join(' and ');
  return [
    {
      operation: 'RegisterService',
      instruction: `Have the site know of the gateway ${name}. No cmdlet makes the record of a gateway that the site did not build; name a Site in spec.siteRef to let the operator look for it.`,
      cmdlet: cmdletLine('Get-CMCloudManagementGateway', { Name: name }),
    },
    {
      operation: 'AddConnectionPoint',
      instruction: `Install a connection point on a server that reaches TCP ${which} of the gateway.`,
      cmdlet: cmdletLine('Add-CMCloudManagementGatewayConnectionPoint', {
        CloudManagementGatewayName: name,
        SiteSystemServerName: SERVER,
        SiteCode: SITE_CODE,
      }),
    },
    {
      operation: 'SetCmgTraffic',
      instruction: 'Let a management point, and a software update point if there is one, take gateway traffic.',
      cmdlet: cmdletLine('Set-CMManagementPoint', {
        SiteSystemServerName: SERVER,
        SiteCode: SITE_CODE,
        EnableCloudGateway: true,
      }),
    },
    {
      operation: 'AddBoundaryGroupMember',
      instruction: 'Reference the gateway in the boundary groups whose clients are to use it from the intranet.',
      cmdlet: cmdletLine('Set-CMBoundaryGroup', { Name: GROUP, AddSiteSystemServerName: name }),
    },
    {
      operation: 'SetClientSettings',
      instruction: 'Enable clients to use a cloud management gateway, in the client settings.',
      cmdlet: cmdletLine('Set-CMClientSettingCloudService', {
        DefaultSetting: SWITCH,
        AllowCloudManagementGateway: true,
      }),
    },
  ];
}
