import type { JsonObject } from '../../../src/json.ts';
import { consoleGatewayBodies } from './console-gateway-bodies.ts';
import type { Answer } from './exchange.ts';
import { textAt } from './json-path.ts';
import type { WorldState } from './world-state.ts';

/** A gateway as the Configuration Manager console made it, in one of its forms. */
export interface ConsoleGateway {
  /** First label of the service name: the name of most of its resources. */
  readonly prefix: string;
  readonly resourceGroup: string;
  /** Default: the first region of the cloud. */
  readonly location?: string;
  /** Default 1. */
  readonly instances?: number;
  /** Default: a scale set. `Classic` and `ExtendedSupport` are cloud services. */
  readonly model?: 'ScaleSet' | 'Classic' | 'ExtendedSupport';
}

/** What is needed to make one. */
export interface ConsoleGatewayParts {
  readonly world: WorldState;
  readonly subscriptionId: string;
  /** Sends a request as the site does. `path` with api-version. */
  readonly call: (method: string, path: string, body: JsonObject) => Answer;
}

/**
 * Makes the gateway, in no time, with everything that the site makes beside it, and returns the id of its scale set or cloud
 * service. Public are the names of scale set, key vault, storage account and DNS label; those of the others are made up, and
 * there are no tags.
 *
 * @throws when Azure refuses a part
 */
export function makeConsoleGateway(parts: ConsoleGatewayParts, gateway: ConsoleGateway): string {
  const { settings } = parts.world;
  const { durationFactor } = settings;
  settings.durationFactor = 0;
  try {
    return makeInNoTime(parts, gateway);
  } finally {
    settings.durationFactor = durationFactor;
  }
}

function makeInNoTime({ world, subscriptionId, call }: ConsoleGatewayParts, gateway: ConsoleGateway): string {
  const { prefix, resourceGroup, instances = 1, model = 'ScaleSet' } = gateway;
  const location = gateway.location ?? world.cloud.regions[0]?.name ?? '';
  const group = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
  const make = (id: string, apiVersion: string, body: JsonObject): JsonObject => {
    const { status, body: answer } = call('PUT', `${id}?api-version=${apiVersion}`, body);
    if (status >= 300) throw new Error(`${id}: ${JSON.stringify(answer)}`);
    return world.get(id)?.document ?? {};
  };
  const bodies = consoleGatewayBodies({ group, prefix, location, instances, tenantId: world.tenantId });
  make(group, '2025-04-01', { location });
  make(bodies.ids.storageAccount, '2025-06-01', bodies.storageAccount);
  const service = { id: '', location, name: prefix };
  switch (model) {
    case 'Classic': {
      const id = `${group}/providers/Microsoft.ClassicCompute/domainNames/${prefix}`;
      const hostName = `${prefix}.${world.cloud.classicDnsSuffix}`;
      const properties = { provisioningState: 'Succeeded', status: 'Running', label: prefix, hostName };
      const type = 'Microsoft.ClassicCompute/domainNames';
      world.store({ id, type, document: { ...service, id, type, properties } });
      return id;
    }
    case 'ExtendedSupport': {
      make(bodies.ids.publicIPAddress, '2025-03-01', bodies.publicIPAddress);
      const id = `${group}/providers/Microsoft.Compute/cloudServices/${prefix}`;
      const type = 'Microsoft.Compute/cloudServices';
      world.store({ id, type, document: { ...service, id, type, properties: bodies.cloudServiceProperties } });
      return id;
    }
    case 'ScaleSet': {
      make(bodies.ids.networkSecurityGroup, '2025-03-01', bodies.networkSecurityGroup);
      make(bodies.ids.virtualNetwork, '2025-03-01', bodies.virtualNetwork);
      make(bodies.ids.publicIPAddress, '2025-03-01', bodies.publicIPAddress);
      make(bodies.ids.loadBalancer, '2025-03-01', bodies.loadBalancer);
      make(bodies.ids.vault, '2026-02-01', bodies.vault);
      const secret = make(`${bodies.ids.vault}/secrets/servercert`, '2026-02-01', {
        properties: { value: 'certificate' },
      });
      const certificateUrl = textAt(secret, 'properties.secretUriWithVersion') ?? '';
      make(bodies.ids.scaleSet, '2024-11-01', bodies.scaleSet(certificateUrl));
      return bodies.ids.scaleSet;
    }
    default:
      return model satisfies never;
  }
}
