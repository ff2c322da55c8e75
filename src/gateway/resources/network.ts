import type { DesiredResource } from '../../azure/desired-resource.ts';
import type { JsonObject } from '../../json.ts';
import { API_VERSIONS } from '../api-versions.ts';
import type { GatewayDeployment } from '../deployment.ts';
import { BACKEND_POOL, FRONTEND, HTTPS, INSTANCES, resourceIds, SUBNET } from '../ids.ts';
import { CLIENT_PORT, FIRST_INSTANCE_PORT, LAST_INSTANCE_PORT } from '../ports.ts';
import { ownershipTags } from '../tags.ts';

const IDLE_TIMEOUT_MINUTES = 4;

/** What may reach the VMs. Rules that somebody else adds, such as a policy, are left alone. */
export function networkSecurityGroup(deployment: GatewayDeployment): DesiredResource {
  const allow = (name: string, priority: number, destinationPortRange: string): JsonObject => ({
    name,
    properties: {
      priority,
      direction: 'Inbound',
      access: 'Allow',
      protocol: 'Tcp',
      sourceAddressPrefix: 'Internet',
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRange,
    },
  });
  return {
    key: 'networkSecurityGroup',
    id: resourceIds(deployment).networkSecurityGroup,
    apiVersion: API_VERSIONS.network,
    dependsOn: ['resourceGroup'],
    keepForeignItems: ['properties.securityRules'],
    ifMatch: true,
    desired: () => ({
      location: deployment.region,
      tags: ownershipTags(deployment),
      properties: {
        securityRules: [
          // The two highest priorities that there are: a rule of others comes after both, so that none shuts these ports.
          allow(HTTPS, 100, String(CLIENT_PORT)),
          allow(INSTANCES, 101, `${FIRST_INSTANCE_PORT}-${LAST_INSTANCE_PORT}`),
        ],
      },
    }),
  };
}

/** The network of the VMs. A PUT without its subnets would delete them, so foreign ones are sent back. */
export function virtualNetwork(deployment: GatewayDeployment): DesiredResource {
  const ids = resourceIds(deployment);
  return {
    key: 'virtualNetwork',
    id: ids.virtualNetwork,
    apiVersion: API_VERSIONS.network,
    dependsOn: ['networkSecurityGroup'],
    keepForeignItems: ['properties.subnets'],
    ifMatch: true,
    desired: () => ({
      location: deployment.region,
      tags: ownershipTags(deployment),
      properties: {
        addressSpace: { addressPrefixes: ['10.0.0.0/24'] },
        subnets: [
          {
            name: SUBNET,
            properties: { addressPrefix: '10.0.0.0/26', networkSecurityGroup: { id: ids.networkSecurityGroup } },
          },
        ],
      },
    }),
  };
}

/** The address of the gateway. Its DNS label makes `<prefix>.<region>.cloudapp.azure.com`. */
export function publicIpAddress(deployment: GatewayDeployment): DesiredResource {
  return {
    key: 'publicIpAddress',
    id: resourceIds(deployment).publicIpAddress,
    apiVersion: API_VERSIONS.network,
    dependsOn: ['resourceGroup'],
    takesName: true,
    ifMatch: true,
    desired: () => ({
      location: deployment.region,
      tags: ownershipTags(deployment),
      sku: { name: 'Standard', tier: 'Regional' },
      properties: {
        publicIPAllocationMethod: 'Static',
        publicIPAddressVersion: 'IPv4',
        idleTimeoutInMinutes: IDLE_TIMEOUT_MINUTES,
        dnsSettings: { domainNameLabel: deployment.prefix },
      },
    }),
  };
}

/**
 * Spreads clients over the VMs on 443 and, with two or more VMs, hands each VM a public port of its own: an inbound NAT
 * rule for the whole pool, as rules for single VMs retire on 30 September 2027. Behind it every VM listens on the same port.
 *
 * The rule on 443 also gives the VMs their way out, which a virtual network made today does not have by itself. A pool of
 * up to 50 VMs gets 1,024 outbound ports each ("Outbound connections for Azure Load Balancer"), which is plenty, because
 * connections from a VM end in few places and those from the site come in from outside.
 */
export function loadBalancer(deployment: GatewayDeployment): DesiredResource {
  const ids = resourceIds(deployment);
  const frontendIPConfiguration = { id: `${ids.loadBalancer}/frontendIPConfigurations/${FRONTEND}` };
  const backendAddressPool = { id: `${ids.loadBalancer}/backendAddressPools/${BACKEND_POOL}` };
  return {
    key: 'loadBalancer',
    id: ids.loadBalancer,
    apiVersion: API_VERSIONS.network,
    dependsOn: ['publicIpAddress'],
    ifMatch: true,
    desired: () => ({
      location: deployment.region,
      tags: ownershipTags(deployment),
      sku: { name: 'Standard', tier: 'Regional' },
      properties: {
        frontendIPConfigurations: [{ name: FRONTEND, properties: { publicIPAddress: { id: ids.publicIpAddress } } }],
        backendAddressPools: [{ name: BACKEND_POOL }],
        probes: [
          { name: HTTPS, properties: { protocol: 'Tcp', port: CLIENT_PORT, intervalInSeconds: 15, numberOfProbes: 2 } },
        ],
        loadBalancingRules: [
          {
            name: HTTPS,
            properties: {
              protocol: 'Tcp',
              frontendPort: CLIENT_PORT,
              backendPort: CLIENT_PORT,
              frontendIPConfiguration,
              backendAddressPool,
              probe: { id: `${ids.loadBalancer}/probes/${HTTPS}` },
              idleTimeoutInMinutes: IDLE_TIMEOUT_MINUTES,
              disableOutboundSnat: false,
            },
          },
        ],
        inboundNatRules:
          deployment.instances < 2
            ? []
            : [
                {
                  name: INSTANCES,
                  properties: {
                    protocol: 'Tcp',
                    frontendPortRangeStart: FIRST_INSTANCE_PORT,
                    frontendPortRangeEnd: LAST_INSTANCE_PORT,
                    backendPort: FIRST_INSTANCE_PORT,
                    frontendIPConfiguration,
                    backendAddressPool,
                  },
                },
              ],
      },
    }),
  };
}
