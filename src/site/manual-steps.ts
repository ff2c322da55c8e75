import { cmdletLine, SWITCH } from './cmdlets.ts';
import { type Change, type ChangeTarget, OPERATION } from './driver.ts';
import type { ManualStep } from './manual-step.ts';

/** What a person has to do, without the reason why the operator does not. */
type Step = Pick<ManualStep, 'instruction' | 'cmdlet'>;

/** The step for a change that the operator does not make itself. @param reason a sentence */
export function manualStep<Name extends Change>(change: Name, target: ChangeTarget<Name>, reason: string): ManualStep {
  const { instruction, cmdlet } = STEPS[change](target);
  return { operation: OPERATION[change], instruction: `${instruction} ${reason}`, cmdlet };
}

/** The step for a connection point on a server of which it may not be known to which primary site it belongs. */
export function addConnectionPointStep(target: NewConnectionPoint, reason: string): ManualStep {
  const { instruction, cmdlet } = addConnectionPoint(target);
  return { operation: OPERATION.addConnectionPoint, instruction: `${instruction} ${reason}`, cmdlet };
}

type NewConnectionPoint = Omit<ChangeTarget<'addConnectionPoint'>, 'siteCode'> & { readonly siteCode?: string };

function addConnectionPoint({ siteSystem, siteCode, service }: NewConnectionPoint): Step {
  return {
    instruction: `Install a connection point for ${service.serviceName} on ${siteSystem}.`,
    cmdlet: cmdletLine('Add-CMCloudManagementGatewayConnectionPoint', {
      CloudManagementGatewayName: service.name,
      SiteSystemServerName: siteSystem,
      SiteCode: siteCode ?? { placeholder: 'code of its primary site' },
    }),
  };
}

const STEPS: { readonly [Name in Change]: (target: ChangeTarget<Name>) => Step } = {
  registerService: ({ serviceName }) => ({
    instruction:
      `Make the site's record of the gateway ${serviceName}. No cmdlet makes one for a gateway that the site did not ` +
      'build: set allowUnproven on the Site to let the operator try.',
  }),
  unregisterService: ({ name }) => ({
    instruction: `Remove the gateway ${name} from the site.`,
    cmdlet: cmdletLine('Remove-CMCloudManagementGateway', { Name: name, Force: SWITCH }),
  }),
  startService: ({ name }) => ({
    instruction: `Start the gateway ${name}.`,
    cmdlet: cmdletLine('Start-CMCloudManagementGateway', { Name: name }),
  }),
  stopService: ({ name }) => ({
    instruction: `Stop the gateway ${name}.`,
    cmdlet: cmdletLine('Stop-CMCloudManagementGateway', { Name: name }),
  }),
  addConnectionPoint,
  linkConnectionPoint: ({ siteSystem, siteCode, service }) => ({
    instruction: `Link the connection point on ${siteSystem} to ${service.serviceName}.`,
    cmdlet: cmdletLine('Set-CMCloudManagementGatewayConnectionPoint', {
      CloudManagementGatewayName: service.name,
      SiteSystemServerName: siteSystem,
      SiteCode: siteCode,
    }),
  }),
  removeConnectionPoint: ({ siteSystem, siteCode }) => ({
    instruction: `Remove the connection point from ${siteSystem}.`,
    cmdlet: cmdletLine('Remove-CMCloudManagementGatewayConnectionPoint', {
      SiteSystemServerName: siteSystem,
      SiteCode: siteCode,
      Force: SWITCH,
    }),
  }),
  addBoundaryGroupMember: ({ group, service, connection }) =>
    connection === 'Slow'
      ? {
          instruction:
            `Add ${service.serviceName} to the references of the boundary group ${group.name} with a slow connection, in ` +
            'the console: the cmdlet takes fast ones only.',
        }
      : {
          instruction: `Add ${service.serviceName} to the references of the boundary group ${group.name}.`,
          cmdlet: cmdletLine('Set-CMBoundaryGroup', {
            Id: String(group.id),
            AddSiteSystemServerName: service.serviceName,
          }),
        },
  removeBoundaryGroupMember: ({ group, member }) => {
    const server = serverInNalPath(member.nalPath);
    return {
      instruction: `Remove ${server} from the references of the boundary group ${group.name}.`,
      cmdlet: cmdletLine('Set-CMBoundaryGroup', { Id: String(group.id), RemoveSiteSystemServerName: server }),
    };
  },
  setPreferCloudSources: ({ group, preferCloudSources }) => ({
    instruction: `Have the boundary group ${group.name} ${preferCloudSources ? 'prefer' : 'not prefer'} cloud sources.`,
    cmdlet: cmdletLine('Set-CMBoundaryGroup', { Id: String(group.id), PreferCloudDPOverDP: preferCloudSources }),
  }),
  setCmgTraffic: ({ server, siteCode, role, allowCmgTraffic }) => {
    const title = role === 'ManagementPoint' ? 'management point' : 'software update point';
    const parameters = { SiteSystemServerName: server, SiteCode: siteCode, EnableCloudGateway: allowCmgTraffic };
    return {
      instruction: `${allowCmgTraffic ? 'Allow' : 'Do not allow'} gateway traffic to the ${title} on ${server}.`,
      cmdlet: cmdletLine(
        role === 'ManagementPoint' ? 'Set-CMManagementPoint' : 'Set-CMSoftwareUpdatePoint',
        parameters,
      ),
    };
  },
  setClientAuthentication: ({ siteCode, usePkiCertificate, checkRevocationForSiteSystems }) => ({
    instruction: `Set how clients of site ${siteCode} prove who they are.`,
    cmdlet: cmdletLine('Set-CMSite', {
      SiteCode: siteCode,
      UsePkiClientCertificate: usePkiCertificate,
      ClientCheckCertificateRevocationListForSiteSystem: checkRevocationForSiteSystems,
    }),
  }),
  setClientSettings: ({ allowCmg }) => ({
    instruction: `${allowCmg ? 'Allow' : 'Do not allow'} clients to use a cloud management gateway, in the default client settings.`,
    cmdlet: cmdletLine('Set-CMClientSettingCloudService', {
      DefaultSetting: SWITCH,
      AllowCloudManagementGateway: allowCmg,
    }),
  }),
};

/** FQDN in a NAL path such as `["Display=\\x\"]MSWNET:["SMS_SITE=PS1"]\\x\` (*documented*); else all of it. */
export function serverInNalPath(nalPath: string): string {
  return /\]\\\\([^\\\]]+)\\?$/.exec(nalPath)?.[1] ?? nalPath;
}
