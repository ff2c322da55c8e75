import type { JsonObject } from '../../../src/json.ts';
import type { Answer, ArmRequest } from './exchange.ts';
import { jsonBody } from './exchange.ts';
import { textsAt } from './json-path.ts';
import type { Principal, World } from './world.ts';

/**
 * What the Azure CLI asks Microsoft Graph about role assignments: who the principals of those that it lists are, and which
 * principal somebody means who names it by the id of its application. Other questions are not answered.
 */
export function answerDirectory(world: World, request: ArmRequest): Answer | undefined {
  switch (`${request.method} ${request.path.toLowerCase()}`) {
    case 'POST /graph/v1.0/directoryobjects/getbyids':
      return found(textsAt(jsonBody(request), 'ids').flatMap((id) => world.principals.get(id.toLowerCase()) ?? []));
    case 'GET /graph/v1.0/serviceprincipals': {
      const [, name] = NAMED.exec(request.query.get('$filter') ?? '') ?? [];
      if (name === undefined) return undefined;
      return found([...world.principals.values()].filter(({ appId }) => appId.toLowerCase() === name.toLowerCase()));
    }
    default:
      return undefined;
  }
}

const NAMED = /^servicePrincipalNames\/any\(c:c eq '([^']*)'\)$/;

function found(principals: readonly Principal[]): Answer {
  return { status: 200, body: { value: principals.map(view) } };
}

function view({ objectId, appId, displayName }: Principal): JsonObject {
  return {
    '@odata.type': '#microsoft.graph.servicePrincipal',
    id: objectId,
    appId,
    displayName,
    servicePrincipalNames: [appId],
  };
}
