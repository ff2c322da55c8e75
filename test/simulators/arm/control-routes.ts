import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';
import { ArmFault } from './arm-fault.ts';
import type { ConsoleGateway } from './console-gateway.ts';
import type { SimulatorControl } from './control.ts';
import { applySettings, grantsIn } from './control-settings.ts';
import { type Answer, type ArmRequest, requiredBody } from './exchange.ts';
import type { FaultRule } from './faults.ts';

/** The control API over HTTPS: `/simulator/…`, JSON in and out, no token. README.md has an example of each. */
export async function answerControl(control: SimulatorControl, request: ArmRequest): Promise<Answer | undefined> {
  try {
    return await route(control, request);
  } catch (error) {
    if (error instanceof ArmFault) return { status: error.status, body: error.body };
    return { status: 400, body: { error: error instanceof Error ? error.message : String(error) } };
  }
}

const DONE: Answer = { status: 204 };

async function route(control: SimulatorControl, request: ArmRequest): Promise<Answer | undefined> {
  const { query } = request;
  switch (`${request.method} ${request.path.replace(/^\/simulator\/?/, '')}`) {
    case 'GET state':
      return { status: 200, body: [...control.state()] };
    case 'GET counts':
      return { status: 200, body: { ...control.counts, runningOperations: control.runningOperations } };
    case 'GET writes':
      return { status: 200, body: control.writes.map((write) => ({ ...write })) };
    case 'GET ports':
      return { status: 200, body: control.openPorts().map((port) => ({ ...port })) };
    case 'POST reset':
      control.reset();
      return DONE;
    case 'POST clock':
      await control.advance(Number(requiredBody(request).advanceSeconds) * 1000);
      return DONE;
    case 'GET faults':
      return { status: 200, body: control.faults.rules as unknown as JsonValue };
    case 'POST faults':
      control.faults.add(faultRule(requiredBody(request)));
      return DONE;
    case 'DELETE faults':
      control.faults.clear();
      return DONE;
    case 'PATCH settings':
      applySettings(control, requiredBody(request));
      return DONE;
    case 'POST subscriptions':
      return { status: 200, body: { subscriptionId: addSubscription(control, requiredBody(request)) } };
    case 'POST applications':
      return { status: 200, body: addApplication(control, requiredBody(request)) };
    case 'POST console-gateways':
      return { status: 200, body: { id: control.addConsoleGateway(consoleGateway(requiredBody(request))) } };
    case 'PATCH resource':
      control.mutate(query.get('id') ?? '', requiredBody(request));
      return DONE;
    case 'DELETE resource':
      control.remove(query.get('id') ?? '');
      return DONE;
    case 'POST call':
      return callAs(control, requiredBody(request));
    default:
      return undefined;
  }
}

function addSubscription(control: SimulatorControl, { displayName, registered }: JsonObject): string {
  return control.addSubscription({
    ...(typeof displayName === 'string' ? { displayName } : {}),
    ...(typeof registered === 'boolean' ? { registered } : {}),
  });
}

/** With a secret, and the rights that the body gives it. */
function addApplication(control: SimulatorControl, { displayName, rights }: JsonObject): JsonObject {
  const { principal, secrets } = control.addApplication(typeof displayName === 'string' ? displayName : 'application');
  const clientSecret = `simulated-${principal.appId}`;
  secrets.add(clientSecret);
  control.setRights(grantsIn(rights), principal.appId);
  return { clientId: principal.appId, objectId: principal.objectId, clientSecret };
}

const MODELS = ['ScaleSet', 'Classic', 'ExtendedSupport'];

function consoleGateway(body: JsonObject): ConsoleGateway {
  const { prefix, resourceGroup, model } = body;
  if (typeof prefix !== 'string' || typeof resourceGroup !== 'string') {
    throw new Error('prefix and resourceGroup are missing.');
  }
  if (model !== undefined && !MODELS.includes(String(model))) {
    throw new Error(`model must be one of ${MODELS.join(', ')}.`);
  }
  return body as unknown as ConsoleGateway;
}

const ACTIONS = ['answer', 'dropConnection', 'delay', 'applyThenDrop', 'applyThenSilence', 'failOperation'];

function faultRule(body: JsonObject): FaultRule {
  const { match, action } = body;
  if (!isJsonObject(match) || typeof match.urlPattern !== 'string') throw new Error('match.urlPattern is missing.');
  if (!isJsonObject(action) || !ACTIONS.includes(String(action.kind))) {
    throw new Error(`action.kind must be one of ${ACTIONS.join(', ')}.`);
  }
  return body as unknown as FaultRule;
}

function callAs(control: SimulatorControl, body: JsonObject): Answer {
  const { method, path } = body;
  if (typeof method !== 'string' || typeof path !== 'string') throw new Error('method and path are missing.');
  const answer = control.call(method, path, isJsonObject(body.body) ? body.body : undefined);
  return { status: 200, body: { status: answer.status, headers: { ...answer.headers }, body: answer.body ?? null } };
}
