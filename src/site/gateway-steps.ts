import { cmdletLine, type Placeholder } from './cmdlets.ts';
import type { ManualStep } from './manual-step.ts';

/** A gateway as a person is to have the site make it. */
export interface GatewayToMake {
  readonly serviceName: string;
  readonly description: string;
  /** As the cmdlet names it: `AzurePublicCloud` or `AzureUSGovernmentCloud`. */
  readonly environment: string;
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly region: string;
  readonly resourceGroup: string;
  /** Whether the resource group is there already. */
  readonly usesExistingGroup: boolean;
  /** Client id of the site's server application in Microsoft Entra; `undefined`: nobody has said. */
  readonly serverAppId: string | undefined;
  readonly instances: number;
  /** What the wizard is to be told of the size, such as `Large`: no documented parameter takes it. */
  readonly vmSize: string;
  readonly contentEnabled: boolean;
  readonly verifyRevocation: boolean;
  readonly enforceTls12: boolean;
  /** Where the server certificate is, in words that go on after "the certificate in". */
  readonly certificate: string;
  /** Names of the certificates of client authorities. */
  readonly trustedCertificates: readonly string[];
}

const PFX_PATH: Placeholder = { placeholder: 'path of the PFX file' };
const PFX_PASSWORD: Placeholder = { placeholder: 'its password as a SecureString' };

/** The step by which a person has the site make a gateway ("New-CMCloudManagementGateway"). */
export function createGatewayStep(gateway: GatewayToMake): ManualStep {
  const { serviceName, certificate, vmSize, trustedCertificates, usesExistingGroup } = gateway;
  const instruction = [
    `Have the site make the gateway ${serviceName}, at the top-level site. Write the certificate in ${certificate} with its private key and chain to a PFX file first.`,
    `No documented parameter takes the size of the VMs: set ${vmSize} in the properties of the gateway in the console.`,
    ...(trustedCertificates.length === 0
      ? []
      : [
          `Write each of spec.clientAuthentication.trustedCertificates to a file, and name it with its store, RootCA or IntermediateCA: ${called(trustedCertificates)}.`,
        ]),
    ...(usesExistingGroup
      ? [
          'Before version 2603 the cmdlet takes an existing resource group only without ServerAppClientId, with a sign-in in the browser.',
        ]
      : []),
    'The operator makes no gateway for the provisioner Site.',
  ].join(' ');
  return { operation: 'CreateService', instruction, cmdlet: createLine(gateway) };
}

/** As many as an instruction names. */
const MOST_NAMED = 8;

function called(names: readonly string[]): string {
  const others = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  return `${names.slice(0, MOST_NAMED).join(', ')}${others}`;
}

function createLine(gateway: GatewayToMake): string {
  return cmdletLine('New-CMCloudManagementGateway', {
    EnvironmentSetting: gateway.environment,
    TenantId: gateway.tenantId,
    SubscriptionId: gateway.subscriptionId,
    ServerAppClientId: gateway.serverAppId ?? { placeholder: "client id of the site's server application" },
    Region: gateway.region,
    GroupName: gateway.resourceGroup,
    IsUsingExistingGroup: gateway.usesExistingGroup ? true : undefined,
    ServiceName: gateway.serviceName,
    ServiceCertPath: PFX_PATH,
    ServiceCertPassword: PFX_PASSWORD,
    VMInstanceCount: gateway.instances,
    EnableCloudDPFunction: gateway.contentEnabled,
    CheckClientCertRevocation: gateway.verifyRevocation,
    EnforceProtocol: gateway.enforceTls12,
    CARootCert:
      gateway.trustedCertificates.length === 0
        ? undefined
        : { placeholder: 'hashtable of the path and the store of each trusted certificate' },
    Description: gateway.description,
  });
}

/** In what a gateway that the site made differs from what it is to be, as far as that is seen. */
export interface GatewayChange {
  /** How many VMs it is to have; `undefined`: it has as many. */
  readonly instances: number | undefined;
  /** Where the certificate is that it is to present, as in {@link GatewayToMake}; `undefined`: it presents it. */
  readonly certificate: string | undefined;
}

/**
 * The step by which a person changes a gateway that the site made ("Set-CMCloudManagementGateway").
 *
 * @param name as the console shows it
 */
export function changeGatewayStep(name: string, { instances, certificate }: GatewayChange): ManualStep {
  const instruction = [
    `Change the gateway ${name} on the site.`,
    ...(instances === undefined ? [] : [`It is to have ${instances} VMs.`]),
    ...(certificate === undefined
      ? []
      : [`Write the certificate in ${certificate} with its private key and chain to a PFX file first.`]),
    'The operator changes nothing of a gateway that the site made.',
  ].join(' ');
  const cmdlet = cmdletLine('Set-CMCloudManagementGateway', {
    Name: name,
    VMInstanceCount: instances,
    ...(certificate === undefined ? {} : { ServiceCertPath: PFX_PATH, ServiceCertPassword: PFX_PASSWORD }),
  });
  return { operation: 'ChangeService', instruction, cmdlet };
}
