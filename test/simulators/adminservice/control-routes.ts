import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';
import type { Rights } from './authentication.ts';
import type { ServiceInit } from './classes/services.ts';
import type { SimulatorControl } from './control.ts';
import { bodyOf, SiteFault, type SiteReply, type SiteRequest } from './exchange.ts';
import { FAULT_KINDS, type FaultRule } from './faults.ts';
import { linkOf } from './site-systems.ts';

/** The control API over HTTPS: `/simulator/…`, JSON in and out, no token. README.md has an example of each. */
export async function answerControl(control: SimulatorControl, request: SiteRequest): Promise<SiteReply | undefined> {
  try {
    return await route(control, request);
  } catch (error) {
    if (error instanceof SiteFault) return error.reply;
    return { status: 400, body: { error: error instanceof Error ? error.message : String(error) } };
  }
}

const DONE: SiteReply = { status: 204 };

async function route(control: SimulatorControl, request: SiteRequest): Promise<SiteReply | undefined> {
  const text = (body: JsonObject, name: string): string => {
    const value = body[name];
    if (typeof value !== 'string' || value === '') throw new Error(`${name} is missing.`);
    return value;
  };
  switch (`${request.method} ${request.path.replace(/^\/simulator\/?/, '')}`) {
    case 'GET state':
      return { status: 200, body: stateOf(control) };
    case 'GET counts': {
      const { reads, writes } = control.journal;
      return { status: 200, body: { reads, writes: writes.length, highestRate: control.highestRequestRate } };
    }
    case 'GET writes':
      return { status: 200, body: control.journal.writes.map((write) => ({ ...write })) };
    case 'GET clients':
      return { status: 200, body: clientsOf(control) };
    case 'POST clients':
      control.startFleet({ size: sizeIn(bodyOf(request)) });
      return DONE;
    case 'POST services':
      control.addService(serviceIn(bodyOf(request)));
      return DONE;
    case 'PATCH services': {
      const body = bodyOf(request);
      control.setServiceState(text(body, 'serviceName'), Number(body.state));
      return DONE;
    }
    case 'DELETE services':
      control.deleteService(text(bodyOf(request), 'serviceName'));
      return DONE;
    case 'PUT connectionPoints': {
      const body = bodyOf(request);
      control.linkConnectionPoint(text(body, 'server'), text(body, 'serviceName'));
      return DONE;
    }
    case 'DELETE connectionPoints':
      control.removeConnectionPoint(text(bodyOf(request), 'server'));
      return DONE;
    case 'POST content': {
      const body = bodyOf(request);
      control.addContent({
        packageId: text(body, 'packageId'),
        name: text(body, 'name'),
        type: Number(body.type ?? 0),
      });
      return DONE;
    }
    case 'PUT distributions': {
      const body = bodyOf(request);
      control.distributeContent(text(body, 'serviceName'), text(body, 'packageId'));
      return DONE;
    }
    case 'PATCH distributions': {
      const body = bodyOf(request);
      control.setDistributionState(text(body, 'serviceName'), text(body, 'packageId'), Number(body.state));
      return DONE;
    }
    case 'DELETE distributions': {
      const body = bodyOf(request);
      control.removeContent(text(body, 'serviceName'), text(body, 'packageId'));
      return DONE;
    }
    case 'PATCH settings':
      applySettings(control, bodyOf(request));
      return DONE;
    case 'PUT rights':
      control.setRights(rightsIn(bodyOf(request)));
      return DONE;
    case 'PUT token':
      control.rotateToken(text(bodyOf(request), 'token'));
      return DONE;
    case 'POST clock':
      await control.advance(Number(bodyOf(request).advanceSeconds) * 1000);
      return DONE;
    case 'GET faults':
      return { status: 200, body: control.faults.rules as unknown as JsonValue };
    case 'POST faults':
      control.faults.add(faultRule(bodyOf(request)));
      return DONE;
    case 'DELETE faults':
      control.faults.clear();
      return DONE;
    default:
      return undefined;
  }
}

function stateOf(control: SimulatorControl): JsonObject {
  return {
    services: control.services.map((service) => ({ ...service, since: new Date(service.since).toISOString() })),
    roles: control.roles.map((role) => ({
      server: role.server,
      siteCode: role.siteCode,
      roleName: role.roleName,
      serviceName: linkOf(role),
      props: role.props as unknown as JsonValue,
    })),
    content: Object.fromEntries(
      control.services.map(({ serviceName }) => [serviceName, Object.fromEntries(control.contentAt(serviceName))]),
    ),
    boundaryGroups: control.boundaryGroups.map(({ id, name, flags, members }) => ({
      id,
      name,
      flags,
      members: Object.fromEntries(members),
    })),
  };
}

function clientsOf({ fleet, cutOffClients }: SimulatorControl): JsonObject {
  return {
    clients: fleet.size,
    cutOffNow: fleet.cutOffNow,
    cutOff: cutOffClients.map(({ name, since, offBefore, knows }) => ({
      name,
      since: new Date(since).toISOString(),
      offBeforeHours: Math.round(offBefore / 3_600_000),
      knows,
    })),
  };
}

function sizeIn({ size }: JsonObject): number {
  if (typeof size === 'number' && Number.isInteger(size) && size >= 0) return size;
  throw new Error('size has to be a whole number.');
}

function serviceIn(body: JsonObject): ServiceInit {
  if (typeof body.serviceName !== 'string') throw new Error('serviceName is missing.');
  return body as unknown as ServiceInit;
}

const RIGHTS: readonly Rights[] = ['Full', 'ReadOnly', 'None'];

function rightsIn(body: JsonObject): Rights {
  const found = RIGHTS.find((rights) => rights === body.rights);
  if (found === undefined) throw new Error(`rights has to be one of ${RIGHTS.join(', ')}.`);
  return found;
}

function applySettings({ settings }: SimulatorControl, body: JsonObject): void {
  for (const [name, value] of Object.entries(body)) {
    if (!Object.hasOwn(settings, name)) throw new Error(`There is no setting ${name}.`);
    if (typeof value !== typeof settings[name as keyof typeof settings]) throw new Error(`${name} has another type.`);
  }
  Object.assign(settings, body);
}

function faultRule(body: JsonObject): FaultRule {
  const { match, action } = body;
  if (!isJsonObject(match) || typeof match.urlPattern !== 'string') throw new Error('match.urlPattern is missing.');
  if (!isJsonObject(action) || !FAULT_KINDS.some((kind) => kind === action.kind)) {
    throw new Error(`action.kind must be one of ${FAULT_KINDS.join(', ')}.`);
  }
  return body as unknown as FaultRule;
}
