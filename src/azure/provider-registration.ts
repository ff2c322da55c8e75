import type { ArmClient, ReadOptions } from './arm-client.ts';
import { ArmError } from './errors.ts';
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

/** A refused write is tried every ten seconds, so that this is once a minute. */
const ASK_AT_EACH = 6;

/**
 * Asks Azure to register the provider for want of which it refused a write: at the first refusal, and once a minute after it.
 * Where that is not allowed, a person has to do it, as the refusal says.
 *
 * @param id of what was written
 * @param attempt refusals in a row so far, from 1
 */
export async function registerRefused(
  client: ArmClient,
  id: string,
  { target }: ArmError,
  attempt: number,
  options: ReadOptions,
): Promise<void> {
  const named = [target, /.*\/providers\/([^/]+)\//i.exec(id)?.[1]].find((name) => name?.startsWith('Microsoft.'));
  if (named === undefined || attempt % ASK_AT_EACH !== 1) {
    return;
  }
  try {
    await registerProvider(client, named, options);
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
  }
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
