import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { checkRegistered, checkRights, checkTypeApiVersion, subscriptionOf } from '../checks.ts';
import type { ArmContext } from '../context.ts';
import { requiredBody } from '../exchange.ts';
import { locationName } from '../resource-path.ts';
import { parameter, type Route } from '../routes.ts';
import { versionsOf } from './versions.ts';

const PROVIDERS = '/subscriptions/{subscription}/providers';

/** Whether names can be had. Advisory, and "taken" also for the caller's own resource, as in Azure. */
export const nameCheckRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: `${PROVIDERS}/Microsoft.Storage/checkNameAvailability`,
    handle: (context, parameters) => {
      begin(context, parameters, 'Microsoft.Storage', 'checkNameAvailability', 'Microsoft.Storage/storageAccounts');
      const name = nameIn(context, 'Microsoft.Storage/storageAccounts');
      if (!/^[a-z0-9]{3,24}$/.test(name)) {
        return available(
          'AccountNameInvalid',
          `${name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.`,
        );
      }
      const holder = context.world.nameHolder({ kind: 'storageAccount', name });
      return holder === undefined
        ? available()
        : available('AlreadyExists', `The storage account named ${name} is already taken.`);
    },
  },
  {
    method: 'POST',
    path: `${PROVIDERS}/Microsoft.KeyVault/checkNameAvailability`,
    handle: (context, parameters) => {
      begin(context, parameters, 'Microsoft.KeyVault', 'checkNameAvailability', 'Microsoft.KeyVault/vaults');
      const name = nameIn(context, 'Microsoft.KeyVault/vaults');
      if (!/^[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]$/i.test(name)) {
        return available(
          'AccountNameInvalid',
          `The vault name '${name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens.`,
        );
      }
      const holder = context.world.nameHolder({ kind: 'vault', name });
      switch (holder?.kind) {
        case undefined:
          return available();
        case 'DeletedVault':
          return available(
            'AlreadyExists',
            `The name '${name}' is already in use by a vault in deleted state. You need to either recover or purge it before the name can be used again.`,
          );
        default:
          return available('AlreadyExists', `The name '${name}' is already in use.`);
      }
    },
  },
  {
    method: 'GET',
    path: `${PROVIDERS}/Microsoft.Network/locations/{location}/CheckDnsNameAvailability`,
    handle: (context, parameters) => {
      begin(
        context,
        parameters,
        'Microsoft.Network',
        'locations/CheckDnsNameAvailability',
        'Microsoft.Network/publicIPAddresses',
      );
      const location = locationName(parameter(parameters, 'location'));
      const label = context.request.query.get('domainNameLabel') ?? '';
      if (!context.world.cloud.regions.some((region) => region.name === location)) {
        throw new ArmFault(
          404,
          'NoRegisteredProviderFound',
          `The location '${location}' is not available for the resource provider 'Microsoft.Network'.`,
        );
      }
      if (!/^[a-z][a-z0-9-]{1,61}[a-z0-9]$/.test(label)) {
        throw new ArmFault(
          400,
          'InvalidDomainNameLabel',
          `The domain name label ${label} is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.`,
          { details: [] },
        );
      }
      const holder = context.world.nameHolder({ kind: 'dnsLabel', name: label, location });
      return { status: 200, body: { available: holder === undefined } };
    },
  },
];

function begin(
  context: ArmContext,
  parameters: Readonly<Record<string, string>>,
  namespace: string,
  shortType: string,
  type: string,
): void {
  const subscription = subscriptionOf(context, parameter(parameters, 'subscription'));
  checkTypeApiVersion(context, namespace, shortType, versionsOf(context, type));
  const scope = `/subscriptions/${subscription.subscriptionId}`;
  const verb = context.request.method === 'GET' ? 'read' : namespace === 'Microsoft.Network' ? 'action' : 'read';
  checkRights(context, `${namespace}/${shortType}/${verb}`, scope);
  checkRegistered(subscription, namespace);
}

function nameIn({ request }: ArmContext, type: string): string {
  const body = requiredBody(request);
  if (String(body.type).toLowerCase() !== type.toLowerCase()) {
    throw new ArmFault(400, 'InvalidValuesForRequestParameters', 'Values for request parameters are invalid: type.');
  }
  if (typeof body.name !== 'string') {
    throw new ArmFault(400, 'InvalidValuesForRequestParameters', 'Values for request parameters are invalid: name.');
  }
  return body.name;
}

function available(reason?: string, message?: string): { readonly status: number; readonly body: JsonObject } {
  return { status: 200, body: { nameAvailable: reason === undefined, reason, message } };
}
