import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import { cmdletLine } from '../../site/cmdlets.ts';
import type { ServiceRecord } from '../../site/site.ts';
import { hasRelease } from '../site/site-version.ts';
import type { Finding } from './finding.ts';

/** A step for a person, on the site or about it. */
export interface SiteStep {
  readonly operation: string;
  readonly instruction: string;
  readonly cmdlet?: string | undefined;
}

/** What of a spec a site has to be new enough for, and is not; `undefined`: nothing, as far as can be seen. */
export function versionFinding({ spec }: CMG, version: string | undefined): Finding | undefined {
  const tooOld = { type: 'SiteRegistered', status: 'False', reason: 'SiteVersionTooOld' } as const;
  if (hasRelease(version, 2010) === false) {
    const message = `The site has version ${version}. Gateways in virtual machine scale sets need 2107, or 2010 with the pre-release feature. Update the site.`;
    return { ...tooOld, message };
  }
  if (spec.azure.environment === 'AzureUSGovernmentCloud' && hasRelease(version, 2111) === false) {
    const message = `The site has version ${version}. Gateways in Azure US Government need 2111. Update the site, or correct spec.azure.environment.`;
    return { ...tooOld, message };
  }
  return undefined;
}

/**
 * What has to be in order on a site before it takes the record of a gateway, and cannot be read. Once it has the record,
 * all of it evidently was.
 */
export function uncheckedSteps({ spec }: CMG, version: string | undefined): readonly SiteStep[] {
  const preRelease = hasRelease(version, 2107) === false;
  return [
    ...(preRelease
      ? [
          {
            operation: 'EnableFeature',
            instruction: `On a site of version ${version}, gateways in virtual machine scale sets are a pre-release feature. Switch it on under Administration, Updates and Servicing, Features.`,
          },
        ]
      : []),
    {
      operation: 'CheckEntraIntegration',
      instruction: `Check that the site is connected to the Microsoft Entra tenant ${spec.azure.tenantId}: Administration, Cloud Services, Azure Services, Cloud Management. The operator cannot read it.`,
      cmdlet: cmdletLine('Get-CMAADTenant', {}),
    },
  ];
}

/** Gateways of the classic model, which keep a site from being updated to 2403 and newer. */
export function classicSteps(records: readonly ServiceRecord[]): readonly SiteStep[] {
  return records.filter(isClassic).map(({ name }) => ({
    operation: 'RetireClassicGateway',
    instruction: `The gateway ${name} is a classic cloud service. A site with one cannot be updated to 2403 or newer. Convert it on a site of 2107 to 2309, or remove it once its clients have moved.`,
    cmdlet: cmdletLine('Remove-CMCloudManagementGateway', { Name: name }),
  }));
}

/** The classic model has names of its own ("Certificates for the cloud management gateway"). */
export function isClassic({ deploymentName }: ServiceRecord): boolean {
  return deploymentName.toLowerCase().endsWith('.cloudapp.net');
}
