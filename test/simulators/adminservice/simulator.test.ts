import { Agent, request } from 'undici';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/json.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createManualClock } from '../../../src/runtime/manual-clock.ts';
import { createAcceleratedClock } from '../accelerated-clock.ts';
import { type AdminServiceSimulator, startAdminServiceSimulator } from './simulator.ts';
import { LINK_PROPERTY } from './site-systems.ts';

const HOUR = 3_600_000;
const MANAGEMENT_POINT = `["Display=\\\\mp1.ps1.corp.contoso.com\\"]MSWNET:["SMS_SITE=PS1"]\\\\mp1.ps1.corp.contoso.com\\`;
const ROLE_KEY = `FileType=2,ItemName='${MANAGEMENT_POINT},SMS Management Point',ItemType='System Resource Usage',SiteCode='PS1'`;
const PROPERTY = { PropertyName: 'AllowProxyTraffic', Value: 1, Value1: '', Value2: '' };

interface Client extends AsyncDisposable {
  readonly site: AdminServiceSimulator;
  /** Below `AdminService_TokenAuth/wmi/`. */
  ask(method: string, path: string, body?: JsonObject, headers?: Record<string, string>): Promise<Told>;
  control(method: string, path: string, body?: JsonObject): Promise<Told>;
}

interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: JsonObject;
}

async function start(options: Parameters<typeof startAdminServiceSimulator>[0] = {}): Promise<Client> {
  const site = await startAdminServiceSimulator({ clock: createManualClock(), ...options });
  const dispatcher = new Agent({ connect: { ca: site.caPem } });
  const send = async (method: string, url: string, body?: JsonObject, headers: Record<string, string> = {}) => {
    const answer = await request(url, {
      method: method as 'GET',
      dispatcher,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, body: text === '' ? {} : JSON.parse(text) };
  };
  return {
    site,
    ask: (method, path, body, headers = {}) =>
      send(method, `${site.url}/AdminService_TokenAuth/wmi/${path}`, body, {
        authorization: `Bearer ${site.token}`,
        ...headers,
      }),
    control: (method, path, body) => send(method, `${site.url}/simulator/${path}`, body),
    [Symbol.asyncDispose]: async () => {
      await dispatcher.close();
      await site.close();
    },
  };
}

describe('quirks', () => {
  test('lazy properties are empty in lists, and come by key', async () => {
    await using client = await start();
    const list = await client.ask('GET', 'SMS_SCI_SysResUse');
    expect(list.body.value).toContainEqual(expect.objectContaining({ RoleName: 'SMS Management Point', Props: [] }));
    const one = await client.ask('GET', `SMS_SCI_SysResUse(${encodeURIComponent(ROLE_KEY)})`);
    expect(one.body).toMatchObject({ value: [{ Props: expect.arrayContaining([expect.anything()]) }] });
  });

  test.each([
    ['GET', 'SMS_SCI_SysResUse?$select=RoleName', 500],
    ['GET', 'sms_site', 200],
    ['GET', 'SMS_Nothing', 404],
    ['GET', 'SMS_BoundaryGroup(1)', 404],
    ['GET', 'SMS_BoundaryGroup?$filter=GroupID%20like%201', 400],
    ['DELETE', 'SMS_BoundaryGroup(16777217)', 405],
    ['PATCH', 'SMS_BoundaryGroup(16777217)', 405],
  ])('%s %s is answered with %i', async (method, path, status) => {
    await using client = await start();
    const answer = await client.ask(method, path);
    expect(answer.status).toBe(status);
    if (status >= 400) expect(answer.body).toMatchObject({ error: { code: String(status) } });
  });

  test('pages lead on to the next one', async () => {
    await using client = await start();
    client.site.control.settings.pageSize = 3;
    const first = await client.ask('GET', 'SMS_SCI_SysResUse?$top=4');
    expect(first.body.value).toHaveLength(3);
    const next = new URL(String(first.body['@odata.nextLink']));
    const second = await client.ask('GET', `SMS_SCI_SysResUse${next.search}`);
    expect(second.body.value).toHaveLength(1);
    expect(second.body).not.toHaveProperty('@odata.nextLink');
  });

  test('methods take no arrays of embedded objects', async () => {
    await using client = await start();
    const body = { ServerNALPath: [{ a: 1 }], Flags: [0] };
    const answer = await client.ask('POST', 'SMS_BoundaryGroup(16777217)/AdminService.AddSiteSystem', body);
    expect(answer.status).toBe(404);
  });
});

describe('refusals', () => {
  const body = { Props: [PROPERTY] };
  const path = `SMS_SCI_SysResUse(${encodeURIComponent(ROLE_KEY)})`;

  test('gateway traffic to a role without HTTPS, where the site has no Enhanced HTTP', async () => {
    await using client = await start();
    const role = client.site.control.roles.find(({ roleName }) => roleName === 'SMS Management Point');
    Object.assign(role ?? {}, { sslState: 0 });
    expect((await client.ask('PUT', path, body)).status).toBe(200);
    const componentKey = `FileType=2,ItemName='SMS_SITE_COMPONENT_MANAGER|ps1.corp.contoso.com',ItemType='Component',SiteCode='PS1'`;
    const plain = { Props: [{ PropertyName: 'IISSSLState', Value: 224, Value1: '', Value2: '' }] };
    await client.ask('PUT', `SMS_SCI_Component(${encodeURIComponent(componentKey)})`, plain);
    expect((await client.ask('PUT', path, body)).status).toBe(500);
  });

  test('a change of what has changed since it was read', async () => {
    await using client = await start();
    expect((await client.ask('PUT', path, body, { 'if-match': 'W/"old"' })).status).toBe(412);
  });

  test('a record that is there already, and one that is incomplete', async () => {
    await using client = await start();
    const record = {
      ServiceType: 'CloudProxyService',
      ServiceCName: 'a.contoso.com',
      SiteCode: 'PS1',
      Fqdn: 'a.westeurope.cloudapp.azure.com',
      Region: 'West Europe',
      SubscriptionID: 's',
      AffinityGroup: 'g',
    };
    expect((await client.ask('POST', 'SMS_AzureService', { ...record, Fqdn: '' })).status).toBe(400);
    expect((await client.ask('POST', 'SMS_AzureService', record)).status).toBe(201);
    expect((await client.ask('POST', 'SMS_AzureService', record)).status).toBe(409);
  });

  test('a link to a gateway, and a member of a group, that no record has', async () => {
    await using client = await start();
    const { control } = client.site;
    const { nalPath } = control.addService({ serviceName: 'a.contoso.com' });
    control.linkConnectionPoint('cp1.ps1.corp.contoso.com', 'a.contoso.com');
    const key = ROLE_KEY.replaceAll('mp1.', 'cp1.').replace('SMS Management Point', 'SMS Cloud Proxy Connector');
    const link = (name: string) => {
      const body = { Props: [{ PropertyName: LINK_PROPERTY, Value: 0, Value1: name, Value2: '' }] };
      return client.ask('PUT', `SMS_SCI_SysResUse(${encodeURIComponent(key)})`, body);
    };
    const join = (path: string) => {
      const body = { ServerNALPath: [path], Flags: [0] };
      return client.ask('POST', 'SMS_BoundaryGroup(16777217)/AdminService.AddSiteSystem', body);
    };
    expect([(await link('a.contoso.com')).status, (await join(nalPath)).status]).toEqual([200, 201]);
    const refused = [await link('b.contoso.com'), await join(`${nalPath}2`)];
    expect(refused.map(({ status }) => status)).toEqual([500, 500]);
    expect(JSON.stringify(refused.map(({ body }) => body))).toMatch(
      /No cloud management gateway is called b\.contoso\.com.*No site system has the NAL path/,
    );
  });

  test('more requests than the limit', async () => {
    await using client = await start();
    client.site.control.settings.requestsPerSecond = 3;
    const answers = await Promise.all(Array.from({ length: 9 }, () => client.ask('GET', 'SMS_Site')));
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThan(2);
  });
});

describe('accounts', () => {
  test.each([
    ['no header', {}, 401],
    ['NTLM', { authorization: `Negotiate ${Buffer.from('NTLMSSP\0').toString('base64')}` }, 401],
    ['a ticket', { authorization: `Negotiate ${Buffer.from('ticket').toString('base64')}` }, 200],
    ['another ticket', { authorization: `Negotiate ${Buffer.from('forged').toString('base64')}` }, 401],
  ])('on the route for Kerberos: %s', async (_what, headers, status) => {
    await using client = await start({
      newNegotiator: () => async (token) =>
        token.toString() === 'ticket'
          ? { kind: 'Accepted', principal: 'operator@CONTOSO.COM', reply: Buffer.from('mutual') }
          : { kind: 'Refused' },
    });
    const dispatcher = new Agent({ connect: { ca: client.site.caPem } });
    const answer = await request(`${client.site.url}/AdminService/wmi/SMS_Site`, { dispatcher, headers });
    await answer.body.dump();
    await dispatcher.close();
    expect(answer.statusCode).toBe(status);
    const expected = status === 200 ? `Negotiate ${Buffer.from('mutual').toString('base64')}` : 'Negotiate';
    expect(answer.headers['www-authenticate']).toBe(expected);
  });
});

describe('the control API', () => {
  test('brings about and shows a gateway that goes too early, and who is cut off by it', async () => {
    await using client = await start();
    const { control } = client;
    const serviceName = 'GraniteFalls.contoso.com';
    expect((await control('POST', 'services', { serviceName })).status).toBe(204);
    await control('PUT', 'connectionPoints', { server: 'cp1.ps1.corp.contoso.com', serviceName });
    await control('POST', 'clock', { advanceSeconds: 600 });
    await control('POST', 'clients', { size: 300 });
    expect((await control('GET', 'state')).body).toMatchObject({ services: [{ serviceName, state: 0 }] });
    expect((await control('GET', 'clients')).body).toMatchObject({ clients: 300, cutOffNow: 0, cutOff: [] });
    await control('DELETE', 'connectionPoints', { server: 'cp1.ps1.corp.contoso.com' });
    await control('POST', 'clock', { advanceSeconds: 7200 });
    const { cutOffNow } = (await control('GET', 'clients')).body;
    expect(cutOffNow).toBeGreaterThan(150);
  });

  test('distributes content, which takes its time, and refuses what is there already and what does not exist', async () => {
    await using client = await start();
    const { control, site } = client;
    const serviceName = 'a.contoso.com';
    site.control.addService({ serviceName });
    const distribution = { serviceName, packageId: 'PS100001' };
    expect((await control('PUT', 'distributions', distribution)).status).toBe(404);
    await control('POST', 'content', { packageId: 'PS100001', name: '7-Zip', type: 512 });
    expect((await control('PUT', 'distributions', distribution)).status).toBe(204);
    expect((await control('PUT', 'distributions', distribution)).status).toBe(409);
    const states = async () => (await control('GET', 'state')).body.content;
    expect(await states()).toEqual({ [serviceName]: { PS100001: 1 } });
    await control('POST', 'clock', { advanceSeconds: 1800 });
    expect(await states()).toEqual({ [serviceName]: { PS100001: 0 } });
    await control('PATCH', 'distributions', { ...distribution, state: 3 });
    const { body } = await client.ask('GET', 'SMS_PackageStatusDistPointsSummarizer');
    expect(body.value).toMatchObject([{ PackageID: 'PS100001', PackageType: 8, State: 3, SiteCode: 'PS1' }]);
    expect((await client.ask('POST', 'SMS_DPContentInfo', {})).status).toBe(405);
    await control('DELETE', 'distributions', distribution);
    expect((await client.ask('GET', 'SMS_DPContentInfo')).body.value).toEqual([]);
  });

  test('takes settings, rights, states and faults, and refuses what does not exist', async () => {
    await using client = await start();
    const { control, site } = client;
    site.control.addService({ serviceName: 'a.contoso.com' });
    await control('PATCH', 'settings', { connectSeconds: 5 });
    await control('PUT', 'rights', { rights: 'ReadOnly' });
    await control('PATCH', 'services', { serviceName: 'a.contoso.com', state: 7 });
    await control('POST', 'faults', { match: { urlPattern: 'SMS_Site' }, action: { kind: 'answer', status: 418 } });
    expect(site.control.settings.connectSeconds).toBe(5);
    expect(site.control.services[0]?.state).toBe(7);
    expect((await client.ask('GET', 'SMS_Site')).status).toBe(418);
    expect((await client.ask('PUT', 'SMS_BoundaryGroup(16777217)', { Flags: 0 })).status).toBe(403);
    const refused = await Promise.all([
      control('PATCH', 'settings', { nothing: 1 }),
      control('PATCH', 'settings', { connectSeconds: 'long' }),
      control('PUT', 'rights', { rights: 'Some' }),
      control('POST', 'faults', { match: { urlPattern: '.' }, action: { kind: 'magic' } }),
      control('PATCH', 'services', { serviceName: 'nobody', state: 7 }),
      control('GET', 'nothing'),
    ]);
    expect(refused.map(({ status }) => status)).toEqual([400, 400, 400, 400, 404, 404]);
  });
});

test('what the gateway does in Azure decides whether clients reach anything', async () => {
  let runs = true;
  await using client = await start({ gatewayServes: () => runs });
  const { control } = client.site;
  control.addServingGateway({ serviceName: 'a.contoso.com' }, 'cp1.ps1.corp.contoso.com');
  control.startFleet({ size: 200, foreignShare: 0, shares: { commuters: 0, alwaysIntranet: 0, oftenOff: 0 } });
  await control.advance(3 * HOUR);
  expect(control.cutOffClients).toEqual([]);
  runs = false;
  await control.advance(2 * HOUR);
  expect(control.fleet.cutOffNow).toBe(200);
});

test('a clock that is shared goes on when the simulator ends', async () => {
  const clock = createAcceleratedClock(systemClock, 1);
  const site = await startAdminServiceSimulator({ clock });
  let rung = false;
  clock.schedule(3_600_000, () => {
    rung = true;
  });
  await site.close();
  clock.advance(3_600_000);
  clock.stop();
  expect(rung).toBe(true);
});

test('times are those of the clock, in the zone that the site is set to', async () => {
  await using client = await start();
  client.site.control.startFleet({
    size: 1,
    foreignShare: 0,
    shares: { commuters: 0, alwaysIntranet: 1, oftenOff: 0 },
  });
  client.site.control.settings.timeZoneMinutes = 120;
  await client.site.control.advance(10 * HOUR);
  const { body, headers } = await client.ask('GET', 'SMS_CombinedDeviceResources?$select=LastPolicyRequest');
  const [device] = body.value as readonly JsonObject[];
  const ahead = Date.parse(String(device?.LastPolicyRequest)) - Date.parse(String(headers.date));
  expect(ahead).toBeGreaterThan(HOUR);
  expect(ahead).toBeLessThanOrEqual(2 * HOUR);
});
