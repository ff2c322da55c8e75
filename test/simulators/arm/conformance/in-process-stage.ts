import { isJsonObject, type JsonObject } from '../../../../src/json.ts';
import { createInProcessAzure } from '../providers/in-process-azure.ts';
import { SUBSCRIPTION } from '../providers/sample-bodies.ts';
import { nameKey } from '../resource-store.ts';
import type { Stage } from './replay.ts';

/** A fresh simulator in this process. It has no faults and no sign-in: those come with TLS. */
export function createInProcessStage(): Stage {
  const azure = createInProcessAzure();
  const { world } = azure;
  return {
    send: async ({ method, path, body, headers }) => {
      const answer = azure.call(method, path, isJsonObject(body) ? body : undefined, lowerCase(headers));
      const { responseBody } = azure.exchanges.at(-1) ?? {};
      return {
        ...answer,
        headers: lowerCase(answer.headers),
        body: (responseBody ?? undefined) as JsonObject | undefined,
      };
    },
    advance: (seconds) => azure.clock.advance(seconds * 1000),
    arrange: (condition) => {
      switch (condition.kind) {
        case 'NotRegistered':
          world.subscriptions.get(SUBSCRIPTION)?.registrations.delete(condition.namespace.toLowerCase());
          return;
        case 'ForeignName':
          world.foreignNames.add(nameKey(condition.name));
          return;
        case 'Throttling':
          world.settings.throttling = true;
          return;
        case 'Quota':
          world.settings.quotas.set(condition.name.toLowerCase(), condition.limit);
          return;
        case 'Deny':
          for (const [principal, grants] of world.grants) {
            world.grants.set(
              principal,
              grants.map((grant) => ({ ...grant, notActions: [...grant.notActions, ...condition.actions] })),
            );
          }
          return;
        case 'Fault':
          throw new Error('A row with a fault is replayed over TLS.');
        default:
          condition satisfies never;
      }
    },
  };
}

function lowerCase(headers: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
}
