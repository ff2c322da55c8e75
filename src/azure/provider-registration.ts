import type { ArmClient, ReadOptions } from './arm-client.ts';
import { ONE_DAY_MS, type SharedReads } from './shared-reads.ts';

/** Whether a resource provider may be used in the subscription. Registering takes about a minute. */
export type ProviderState = 'Registered' | 'Registering' | 'NotRegistered';

/**
 * Reads how a provider such as `Microsoft.Network` stands in the client's subscription. `Registered` is remembered for a
 * day, anything else is read anew.
 */
export function providerState(client: ArmClient, reads: SharedReads, namespace: string): Promise<ProviderState> {
  return reads.get(
    `${client.scope}|provider|${namespace.toLowerCase()}`,
    (state: ProviderState) => (state === 'Registered' ? ONE_DAY_MS : 0),
    async () => stateOf((await client.management.providers.get(namespace)).registrationState),
  );
}

/**
 * Asks Azure to register a provider, and returns without waiting for it. Needs the action `<namespace>/register/action` on
 * the subscription. Registering what is registered changes nothing.
 */
export async function registerProvider(
  client: ArmClient,
  namespace: string,
  options: ReadOptions = {},
): Promise<ProviderState> {
  const provider = await client.management.providers.register(
    namespace,
    options.signal === undefined ? {} : { abortSignal: options.signal },
  );
  return stateOf(provider.registrationState);
}

function stateOf(text: string | undefined): ProviderState {
  switch (text?.toLowerCase()) {
    case 'registered':
      return 'Registered';
    case 'registering':
      return 'Registering';
    default:
      return 'NotRegistered';
  }
}
