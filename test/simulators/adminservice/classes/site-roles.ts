import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/json.ts';
import { SiteFault } from '../exchange.ts';
import { rowsOf, type SimulatedClass } from '../simulated-class.ts';
import {
  ALLOW_CMG_TRAFFIC,
  type EmbeddedProperty,
  linkOf,
  ROLE,
  type SiteComponent,
  type SiteRole,
  SSL_STATE,
} from '../site-systems.ts';
import { isConnected, nalPathOf, type SiteWorld } from '../world.ts';

const CONNECTION_STATUS = { offline: 0, online: 2 } as const;
const ENHANCED_HTTP = 0x400;
const HTTPS = 1;

/** Site roles as the site control file has them. */
export function siteRoleClass(world: SiteWorld): SimulatedClass {
  const roleOf = ({ ItemName }: JsonObject): SiteRole => {
    const found = world.systems.roles.find((role) => itemNameOf(role) === ItemName);
    if (found === undefined) throw new SiteFault(404, `There is no ${String(ItemName)}.`);
    return found;
  };
  return {
    name: 'SMS_SCI_SysResUse',
    key: ['FileType', 'ItemName', 'ItemType', 'SiteCode'],
    lazy: ['Props', 'PropLists'],
    refusesSelect: true,
    rows: () => rowsOf(world.systems.roles.map(rowOf)),
    update: (row, body) => {
      const role = roleOf(row);
      const props = propsIn(world, body);
      refuseTrafficWithoutHttps(world, role, props);
      changeProps(world, role, props);
    },
    remove: (row) => {
      const role = roleOf(row);
      world.settle();
      world.systems.roles.splice(world.systems.roles.indexOf(role), 1);
    },
  };
}

function changeProps(world: SiteWorld, role: SiteRole, props: readonly EmbeddedProperty[]): void {
  const changed: SiteRole = { ...role, props };
  const link = linkOf(changed);
  if (role.roleName === ROLE.connectionPoint && world.serviceCalled(link) === undefined) {
    throw new SiteFault(500, `No cloud management gateway is called ${link}.`);
  }
  world.settle();
  if (link !== linkOf(role)) role.linkedAt = world.clock.now();
  role.props = props;
}

/** A role takes gateway traffic by HTTPS, or by HTTP on a site with Enhanced HTTP. */
function refuseTrafficWithoutHttps(world: SiteWorld, role: SiteRole, props: readonly EmbeddedProperty[]): void {
  if (numberIn(props, ALLOW_CMG_TRAFFIC) !== 1) return;
  const component = world.systems.components.find(({ siteCode }) => siteCode === role.siteCode);
  const enhanced = ((numberIn(component?.props ?? [], SSL_STATE) ?? 0) & ENHANCED_HTTP) !== 0;
  const https = role.sslState === HTTPS || numberIn(props, 'SSLWSUS') === 1;
  if (!https && !enhanced) throw new SiteFault(500, `${role.roleName} on ${role.server} does not use HTTPS.`);
}

/** Components of primary sites. */
export function siteComponentClass(world: SiteWorld): SimulatedClass {
  return {
    name: 'SMS_SCI_Component',
    key: ['FileType', 'ItemName', 'ItemType', 'SiteCode'],
    lazy: ['Props', 'PropLists'],
    refusesSelect: true,
    rows: () => rowsOf(world.systems.components.map(componentRowOf)),
    update: ({ SiteCode }, body) => {
      const found = world.systems.components.find(({ siteCode }) => siteCode === SiteCode);
      if (found === undefined) throw new SiteFault(404, `There is no site ${String(SiteCode)}.`);
      found.props = propsIn(world, body);
    },
  };
}

/** Whether connection points are connected, as the view `vProxy_Connectors` has it. */
export function connectorClass(world: SiteWorld): SimulatedClass {
  return {
    name: 'SMS_CloudProxyConnector',
    key: ['ServerName'],
    rows: () =>
      rowsOf(
        world.systems.roles
          .filter(({ roleName }) => roleName === ROLE.connectionPoint)
          .map((role) => {
            const serviceName = linkOf(role);
            const point = { serviceName, linkedAt: role.linkedAt };
            const connected = isConnected(world, point) && world.serves(serviceName);
            return {
              ServerName: role.server,
              SiteCode: role.siteCode,
              ProxyServiceName: world.serviceCalled(serviceName)?.serviceName ?? '',
              ConnectionStatus: connected ? CONNECTION_STATUS.online : CONNECTION_STATUS.offline,
            };
          }),
      ),
  };
}

function propsIn(world: SiteWorld, body: JsonObject): readonly EmbeddedProperty[] {
  if (world.settings.embeddedObjectsInPut === 'Refused') {
    throw new SiteFault(404, 'ODataParameterReader: the embedded objects cannot be read.');
  }
  if (!Array.isArray(body.Props)) throw new SiteFault(400, 'Props has to be an array.');
  return body.Props.map(embeddedProperty);
}

function embeddedProperty(value: JsonValue): EmbeddedProperty {
  if (!isJsonObject(value) || typeof value.PropertyName !== 'string' || typeof value.Value !== 'number') {
    throw new SiteFault(400, 'An embedded property needs PropertyName, Value, Value1 and Value2.');
  }
  return {
    PropertyName: value.PropertyName,
    Value: value.Value,
    Value1: String(value.Value1 ?? ''),
    Value2: String(value.Value2 ?? ''),
  };
}

function numberIn(props: readonly EmbeddedProperty[], name: string): number | undefined {
  return props.find(({ PropertyName }) => PropertyName === name)?.Value;
}

function itemNameOf({ siteCode, server, roleName }: SiteRole): string {
  return `${nalPathOf(siteCode, server)},${roleName}`;
}

function rowOf(role: SiteRole): JsonObject {
  return {
    FileType: 2,
    ItemName: itemNameOf(role),
    ItemType: 'System Resource Usage',
    SiteCode: role.siteCode,
    NALPath: nalPathOf(role.siteCode, role.server),
    NALType: 'Windows NT Server',
    NetworkOSPath: `\\\\${role.server}`,
    RoleName: role.roleName,
    SslState: role.sslState,
    Type: 8,
    Props: role.props as unknown as JsonValue,
    PropLists: [],
  };
}

function componentRowOf({ siteCode, server, props }: SiteComponent): JsonObject {
  return {
    FileType: 2,
    ItemName: `SMS_SITE_COMPONENT_MANAGER|${server}`,
    ItemType: 'Component',
    SiteCode: siteCode,
    ComponentName: 'SMS_SITE_COMPONENT_MANAGER',
    Flag: 6,
    Name: server,
    Props: props as unknown as JsonValue,
    PropLists: [],
  };
}
