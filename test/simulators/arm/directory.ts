import type { Answer, ArmRequest } from './exchange.ts';
import { jsonBody } from './exchange.ts';
import { textsAt } from './json-path.ts';
import type { World } from './world.ts';

/** The one question to Microsoft Graph that the Azure CLI asks when it lists role assignments: the names of principals. */
export function answerDirectory(world: World, request: ArmRequest): Answer | undefined {
  if (request.method !== 'POST' || !/^\/graph\/v1\.0\/directoryObjects\/getByIds$/i.test(request.path))
    return undefined;
  const principals = textsAt(jsonBody(request), 'ids').flatMap((id) => world.principals.get(id.toLowerCase()) ?? []);
  return {
    status: 200,
    body: {
      value: principals.map(({ objectId, appId, displayName }) => ({
        '@odata.type': '#microsoft.graph.servicePrincipal',
        id: objectId,
        appId,
        displayName,
        servicePrincipalNames: [appId],
      })),
    },
  };
}
