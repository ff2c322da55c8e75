import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';
import { ArmFault } from './arm-fault.ts';
import type { SimulatorControl } from './control.ts';
import { type Answer, type ArmRequest, requiredBody } from './exchange.ts';
import type { FaultRule } from './faults.ts';
import { parseDenyPolicy } from './policies.ts';
import type { GlobalName, SizeAvailability } from './world.ts';
import type { Grant } from './world-state.ts';

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

const ACTIONS = ['answer', 'dropConnection', 'delay', 'applyThenDrop', 'failOperation'];

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

/** Applies what of the settings a body holds; what it does not mention stays. */
function applySettings(control: SimulatorControl, body: JsonObject): void {
  const { settings } = control;
  for (const [name, value] of Object.entries(body)) {
    switch (name) {
      case 'durations':
        for (const [key, seconds] of entries(value)) settings.durations.set(key, Number(seconds));
        break;
      case 'quotas':
        for (const [key, limit] of entries(value)) settings.quotas.set(key.toLowerCase(), Number(limit));
        break;
      case 'sizes':
        for (const [key, how] of entries(value)) settings.sizes.set(key.toLowerCase(), String(how) as SizeAvailability);
        break;
      case 'extensionFailures':
        for (const [key, why] of entries(value)) settings.extensionFailures.set(key.toLowerCase(), String(why));
        break;
      case 'durationFactor':
      case 'graphLagSeconds':
      case 'roleLagSeconds':
      case 'activityLogLagSeconds':
        settings[name] = Number(value);
        break;
      case 'policies':
        settings.policies = list(value).map(parseDenyPolicy);
        break;
      case 'throttling':
        settings.throttling = value === true;
        break;
      case 'registrations':
        for (const [key, state] of entries(value)) {
          control.setRegistration(key, state === 'Registered' ? 'Registered' : 'NotRegistered');
        }
        break;
      case 'rights':
        control.setRights(list(value) as unknown as readonly Grant[]);
        break;
      case 'deny':
        control.deny(list(value).map(String));
        break;
      case 'takenNames':
        for (const taken of list(value)) control.takeName(taken as unknown as GlobalName);
        break;
      default:
        throw new Error(`There is no setting ${name}.`);
    }
  }
}

function entries(value: JsonValue | undefined): [string, JsonValue | undefined][] {
  return isJsonObject(value) ? Object.entries(value) : [];
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}
