import type { JsonObject, JsonValue } from '../../../../src/json.ts';
import { objectAt, objectsAt, textAt, textsAt, valueAt } from '../json-path.ts';

/** Whether the network lets traffic through to the VMs of a scale set, as the rules in force say. */

/** Where inbound traffic comes from, as far as a rule can tell. */
export type TrafficSource = 'Internet' | 'AzureLoadBalancer';

/**
 * Whether a network security group lets TCP traffic to `port` in. The rule with the lowest priority number that matches decides,
 * the group's default rules come last. Destinations are not looked at: all that stands behind the group is meant.
 */
export function allowsInbound(group: JsonObject, source: TrafficSource, port: number): boolean {
  const rules = [
    ...objectsAt(group, 'properties.securityRules'),
    ...objectsAt(group, 'properties.defaultSecurityRules'),
  ]
    .map((rule) => objectAt(rule, 'properties'))
    .filter((rule) => rule.direction === 'Inbound' && matches(rule, source, port))
    .sort((left, right) => Number(left.priority) - Number(right.priority));
  return rules[0]?.access === 'Allow';
}

function matches(rule: JsonObject, source: TrafficSource, port: number): boolean {
  return (
    (rule.protocol === '*' || rule.protocol === 'Tcp') &&
    oneOrMany(rule, 'destinationPortRange').some((range) => holdsPort(range, port)) &&
    oneOrMany(rule, 'sourceAddressPrefix').some((prefix) => comesFrom(prefix, source))
  );
}

function oneOrMany(rule: JsonObject, name: string): readonly string[] {
  const single = textAt(rule, name);
  const many = textsAt(rule, name === 'sourceAddressPrefix' ? 'sourceAddressPrefixes' : `${name}s`);
  return single === undefined ? many : [single, ...many];
}

function holdsPort(range: string, port: number): boolean {
  if (range === '*') return true;
  const [low, high = low] = range.split('-').map(Number);
  return low !== undefined && high !== undefined && low <= port && port <= high;
}

function comesFrom(prefix: string, source: TrafficSource): boolean {
  return prefix === '*' || prefix === source || (source === 'Internet' && /^0\.0\.0\.0(\/0)?$/.test(prefix));
}

/** The backend port to which a load balancer sends what arrives for `pool` at `frontendPort`; `undefined` when nowhere. */
export function balancedPort(balancer: JsonObject, poolId: string, frontendPort: number): number | undefined {
  const rule = objectsAt(balancer, 'properties.loadBalancingRules').find(
    (item) =>
      textAt(item, 'properties.backendAddressPool.id')?.toLowerCase() === poolId.toLowerCase() &&
      valueAt(item, 'properties.frontendPort') === frontendPort,
  );
  return numberOf(valueAt(rule, 'properties.backendPort'));
}

/** The port that a probe asks. */
export function probedPort(balancer: JsonObject, probeId: string): number | undefined {
  const probe = objectsAt(balancer, 'properties.probes').find(
    (item) => textAt(item, 'id')?.toLowerCase() === probeId.toLowerCase(),
  );
  return numberOf(valueAt(probe, 'properties.port'));
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
