import { expect, test } from 'vitest';
import { bodyOf, contoso } from '../deployment.test-world.ts';
import { loadBalancer, networkSecurityGroup, publicIpAddress, virtualNetwork } from './network.ts';

test('the security group opens 443 for clients and the ports of connection points', () => {
  expect(bodyOf(networkSecurityGroup(contoso), contoso)).toMatchInlineSnapshot(`
    {
      "location": "westeurope",
      "properties": {
        "securityRules": [
          {
            "name": "https",
            "properties": {
              "access": "Allow",
              "destinationAddressPrefix": "*",
              "destinationPortRange": "443",
              "direction": "Inbound",
              "priority": 100,
              "protocol": "Tcp",
              "sourceAddressPrefix": "Internet",
              "sourcePortRange": "*",
            },
          },
          {
            "name": "instances",
            "properties": {
              "access": "Allow",
              "destinationAddressPrefix": "*",
              "destinationPortRange": "10124-10139",
              "direction": "Inbound",
              "priority": 101,
              "protocol": "Tcp",
              "sourceAddressPrefix": "Internet",
              "sourcePortRange": "*",
            },
          },
        ],
      },
      "tags": {
        "configmgr.io_cluster": "6f8a2c1e-4d3b-4a5f-9e7d-8c6b5a4f3e2d",
        "configmgr.io_deployment": "0f1e2d3c",
        "configmgr.io_owner": "contoso-prod/gateways/europe",
      },
    }
  `);
});

test('the virtual network has one subnet, guarded by the security group', () => {
  expect(bodyOf(virtualNetwork(contoso), contoso)).toMatchInlineSnapshot(`
    {
      "location": "westeurope",
      "properties": {
        "addressSpace": {
          "addressPrefixes": [
            "10.0.0.0/24",
          ],
        },
        "subnets": [
          {
            "name": "gateway",
            "properties": {
              "addressPrefix": "10.0.0.0/26",
              "networkSecurityGroup": {
                "id": "<group>/providers/Microsoft.Network/networkSecurityGroups/granitefalls",
              },
            },
          },
        ],
      },
      "tags": {
        "configmgr.io_cluster": "6f8a2c1e-4d3b-4a5f-9e7d-8c6b5a4f3e2d",
        "configmgr.io_deployment": "0f1e2d3c",
        "configmgr.io_owner": "contoso-prod/gateways/europe",
      },
    }
  `);
});

test('the address is static and has the prefix as its DNS label', () => {
  expect(bodyOf(publicIpAddress(contoso), contoso)).toMatchInlineSnapshot(`
    {
      "location": "westeurope",
      "properties": {
        "dnsSettings": {
          "domainNameLabel": "granitefalls",
        },
        "idleTimeoutInMinutes": 4,
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Static",
      },
      "sku": {
        "name": "Standard",
        "tier": "Regional",
      },
      "tags": {
        "configmgr.io_cluster": "6f8a2c1e-4d3b-4a5f-9e7d-8c6b5a4f3e2d",
        "configmgr.io_deployment": "0f1e2d3c",
        "configmgr.io_owner": "contoso-prod/gateways/europe",
      },
    }
  `);
});

test('the load balancer spreads 443 over the VMs and hands each a port of its own', () => {
  expect(bodyOf(loadBalancer(contoso), contoso)).toMatchInlineSnapshot(`
    {
      "location": "westeurope",
      "properties": {
        "backendAddressPools": [
          {
            "name": "gateway",
          },
        ],
        "frontendIPConfigurations": [
          {
            "name": "frontend",
            "properties": {
              "publicIPAddress": {
                "id": "<group>/providers/Microsoft.Network/publicIPAddresses/granitefalls",
              },
            },
          },
        ],
        "inboundNatRules": [
          {
            "name": "instances",
            "properties": {
              "backendAddressPool": {
                "id": "<group>/providers/Microsoft.Network/loadBalancers/granitefalls/backendAddressPools/gateway",
              },
              "backendPort": 10124,
              "frontendIPConfiguration": {
                "id": "<group>/providers/Microsoft.Network/loadBalancers/granitefalls/frontendIPConfigurations/frontend",
              },
              "frontendPortRangeEnd": 10139,
              "frontendPortRangeStart": 10124,
              "protocol": "Tcp",
            },
          },
        ],
        "loadBalancingRules": [
          {
            "name": "https",
            "properties": {
              "backendAddressPool": {
                "id": "<group>/providers/Microsoft.Network/loadBalancers/granitefalls/backendAddressPools/gateway",
              },
              "backendPort": 443,
              "disableOutboundSnat": false,
              "frontendIPConfiguration": {
                "id": "<group>/providers/Microsoft.Network/loadBalancers/granitefalls/frontendIPConfigurations/frontend",
              },
              "frontendPort": 443,
              "idleTimeoutInMinutes": 4,
              "probe": {
                "id": "<group>/providers/Microsoft.Network/loadBalancers/granitefalls/probes/https",
              },
              "protocol": "Tcp",
            },
          },
        ],
        "probes": [
          {
            "name": "https",
            "properties": {
              "intervalInSeconds": 15,
              "numberOfProbes": 2,
              "port": 443,
              "protocol": "Tcp",
            },
          },
        ],
      },
      "sku": {
        "name": "Standard",
        "tier": "Regional",
      },
      "tags": {
        "configmgr.io_cluster": "6f8a2c1e-4d3b-4a5f-9e7d-8c6b5a4f3e2d",
        "configmgr.io_deployment": "0f1e2d3c",
        "configmgr.io_owner": "contoso-prod/gateways/europe",
      },
    }
  `);
});

test('a single VM has no port of its own: connection points reach it on 443', () => {
  const single = { ...contoso, instances: 1 };
  expect(bodyOf(loadBalancer(single), single)).toMatchObject({ properties: { inboundNatRules: [] } });
});

test('each of sixteen VMs has a port', () => {
  const { properties } = bodyOf(loadBalancer({ ...contoso, instances: 16 }), contoso);
  expect(properties).toMatchObject({
    inboundNatRules: [{ properties: { frontendPortRangeStart: 10_124, frontendPortRangeEnd: 10_124 + 16 - 1 } }],
  });
});
