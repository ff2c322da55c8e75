import { describe, expect, test } from 'vitest';
import { CONNECTION_POINT, GATEWAY, startAdminServiceWorld } from '../../../test/simulators/adminservice/test-world.ts';
import { systemClock } from '../../runtime/clock.ts';
import { bearerAuthentication } from '../authentication.ts';
import type { SiteAnswer } from '../site.ts';
import { everyEmbeddedPropertyIn, withEmbeddedNumber } from './fields.ts';
import { createODataClient } from './odata-client.ts';
import { readComponentManager, siteControlKey } from './site-control.ts';
import { createSiteTransport } from './transport.ts';

function valueOfAnswer<T>(answer: SiteAnswer<T>): T {
  if (answer.kind === 'Answered') return answer.value;
  throw new Error(`${answer.kind}: ${answer.message}`);
}

describe('an AdminService tells', () => {
  test('which site it is', async () => {
    await using world = await startAdminServiceWorld({ layout: 'Hierarchy' });
    const answer = await world.adminService.facts.identity(world);
    expect(answer).toEqual({
      kind: 'Answered',
      date: Date.UTC(2026, 0, 1),
      value: {
        siteCode: 'CAS',
        siteName: 'Contoso',
        version: '5.00.9141.1000',
        type: 'CentralAdministration',
        childSiteCodes: ['PS1', 'PS2'],
      },
    });
  });

  test('of its gateways, and of nothing else in that class', async () => {
    await using world = await startAdminServiceWorld();
    const records = valueOfAnswer(await world.adminService.facts.serviceRecords(world));
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      name: GATEWAY,
      serviceName: GATEWAY,
      nalPath: `["Display=\\\\${GATEWAY}\\"]MSWNET:["SMS_SITE=PS1"]\\\\${GATEWAY}\\`,
      state: { kind: 'Ready' },
    });
    expect(JSON.stringify(records)).not.toContain('secret');
  });

  test('a state that nobody has explained, as unknown', async () => {
    await using world = await startAdminServiceWorld();
    world.site.control.setServiceState(GATEWAY, 7);
    const [record] = valueOfAnswer(await world.adminService.facts.serviceRecords(world));
    expect(record?.state).toEqual({ kind: 'Unknown', value: 7 });
  });

  test('what connection points are linked to, and when they are connected', async () => {
    await using world = await startAdminServiceWorld();
    const read = async () => valueOfAnswer(await world.adminService.facts.connectionPoints(world));
    const point = { siteSystem: CONNECTION_POINT, siteCode: 'PS1' };
    expect(await read()).toEqual([{ ...point, serviceName: GATEWAY, connectedness: 'Connected' }]);

    world.site.control.addService({ serviceName: 'other.contoso.com' });
    world.site.control.linkConnectionPoint(CONNECTION_POINT, 'other.contoso.com');
    expect(await read()).toEqual([{ ...point, serviceName: 'other.contoso.com', connectedness: 'Disconnected' }]);
    await world.clock.advance(120_000);
    expect(await read()).toEqual([{ ...point, serviceName: 'other.contoso.com', connectedness: 'Connected' }]);
  });

  test('what connection points are linked to, where the class with their connections is missing', async () => {
    await using world = await startAdminServiceWorld();
    world.site.control.settings.connectorClass = 'Absent';
    expect(valueOfAnswer(await world.adminService.facts.connectionPoints(world))).toEqual([
      { siteSystem: CONNECTION_POINT, siteCode: 'PS1', serviceName: GATEWAY, connectedness: 'Unknown' },
    ]);
  });

  test('boundary groups and the members of one', async () => {
    await using world = await startAdminServiceWorld();
    const [service] = world.site.control.services;
    const [first, second] = world.site.control.boundaryGroups;
    second?.members.set(service?.nalPath ?? '', 1);
    const { facts } = world.adminService;
    expect(valueOfAnswer(await facts.boundaryGroups(world))).toEqual([
      { id: first?.id, name: 'Headquarters', preferCloudSources: false },
      { id: second?.id, name: 'Branches', preferCloudSources: false },
    ]);
    expect(valueOfAnswer(await facts.boundaryGroupMembers(first?.id ?? 0, world))).toEqual([]);
    expect(valueOfAnswer(await facts.boundaryGroupMembers(second?.id ?? 0, world))).toEqual([
      { nalPath: service?.nalPath, connection: 'Slow' },
    ]);
  });

  test('what is lazy in lists: roles, client authentication, client settings', async () => {
    await using world = await startAdminServiceWorld();
    const { facts } = world.adminService;
    const server = (name: string) => `${name}.ps1.corp.contoso.com`;
    const common = { siteCode: 'PS1', allowCmgTraffic: false, protocol: 'Https' };
    expect(valueOfAnswer(await facts.clientFacingRoles(world))).toEqual([
      { ...common, server: server('mp1'), role: 'ManagementPoint' },
      { ...common, server: server('mp2'), role: 'ManagementPoint' },
      { ...common, server: server('sup1'), role: 'SoftwareUpdatePoint' },
    ]);
    expect(valueOfAnswer(await facts.clientAuthentication('PS1', world))).toEqual({
      usePkiCertificate: false,
      checkRevocationForSiteSystems: true,
      enhancedHttp: true,
      httpsOnly: false,
    });
    world.site.control.setAllowCmg(false);
    expect(valueOfAnswer(await facts.clientSettings(world))).toEqual({ allowCmg: false });
  });

  test('that a value of client authentication is not understood', async () => {
    await using world = await startAdminServiceWorld();
    const transport = createSiteTransport({
      url: world.site.url,
      caBundle: world.site.caPem,
      authentication: bearerAuthentication(async () => world.site.token, systemClock),
      clock: systemClock,
      userAgent: 'test',
    });
    const client = createODataClient(transport);
    const { value: component } = await readComponentManager(client, 'PS1', world.signal);
    const properties = withEmbeddedNumber(everyEmbeddedPropertyIn(component), 'IISSSLState', 777);
    await client.update('SMS_SCI_Component', siteControlKey(component), { Props: properties }, component, world.signal);
    await transport.close();
    expect(valueOfAnswer(await world.adminService.facts.clientAuthentication('PS1', world))).toBeUndefined();
  });

  test('that a site has no client authentication of its own', async () => {
    await using world = await startAdminServiceWorld({ layout: 'Hierarchy' });
    expect(await world.adminService.facts.clientAuthentication('CAS', world)).toMatchObject({ kind: 'NotFound' });
  });

  test('lists that it divides, to their end', async () => {
    await using world = await startAdminServiceWorld();
    for (const number of [1, 2, 3, 4, 5]) world.site.control.addService({ serviceName: `more${number}.contoso.com` });
    world.site.control.settings.pageSize = 2;
    expect(valueOfAnswer(await world.adminService.facts.serviceRecords(world))).toHaveLength(6);
  });
});
