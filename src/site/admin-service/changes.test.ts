import { describe, expect, test } from 'vitest';
import {
  type AdminServiceWorld,
  CONNECTION_POINT,
  GATEWAY,
  STANDBY,
  startAdminServiceWorld,
} from '../../../test/simulators/adminservice/test-world.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createSite } from '../create-site.ts';
import type { AdminService } from './admin-service.ts';

const OTHER = 'other.contoso.com';
const MANAGEMENT_POINT = 'mp1.ps1.corp.contoso.com';

/** A site on which unproven writes are allowed. */
function siteOver({ driver, facts }: AdminService) {
  return createSite({ facts, drivers: [driver], allowUnproven: true, clock: systemClock });
}

function firstGroup({ site }: AdminServiceWorld) {
  const [group] = site.control.boundaryGroups;
  const [service] = site.control.services;
  if (group === undefined || service === undefined) throw new Error('The world has neither group nor gateway.');
  return { group, service: { ...service, name: service.serviceName } };
}

function roleOn({ site }: AdminServiceWorld, server: string, roleName: string) {
  const role = site.control.roles.find((each) => each.server === server && each.roleName === roleName);
  if (role === undefined) throw new Error(`${server} has no ${roleName}.`);
  return role;
}

/** What a role or component has beside one property. */
function otherProps(props: readonly { readonly PropertyName: string }[], name: string) {
  return props.filter(({ PropertyName }) => PropertyName !== name);
}

describe('boundary groups', () => {
  test('a gateway becomes a member, changes its connection and leaves', async () => {
    await using world = await startAdminServiceWorld();
    const site = siteOver(world.adminService);
    const { group, service } = firstGroup(world);
    const target = { group, service };
    expect(await site.addBoundaryGroupMember({ ...target, connection: 'Fast' }, world)).toMatchObject({
      kind: 'Accepted',
    });
    expect([...group.members]).toEqual([[service.nalPath, 0]]);
    await site.addBoundaryGroupMember({ ...target, connection: 'Slow' }, world);
    expect([...group.members]).toEqual([[service.nalPath, 1]]);
    await site.removeBoundaryGroupMember({ group, member: service }, world);
    expect(group.members.size).toBe(0);
  });

  test('one whose NAL path no record has is refused by the site', async () => {
    await using world = await startAdminServiceWorld();
    const { group, service } = firstGroup(world);
    const unknown = { ...service, nalPath: service.nalPath.replaceAll(GATEWAY, 'nobody.contoso.com') };
    const target = { group, service: unknown, connection: 'Fast' as const };
    expect(await siteOver(world.adminService).addBoundaryGroupMember(target, world)).toMatchObject({
      kind: 'ServerError',
      message: expect.stringContaining('nobody.contoso.com'),
    });
    expect(group.members.size).toBe(0);
  });

  test('a member is found by its name in whatever case the group has it', async () => {
    await using world = await startAdminServiceWorld();
    const site = siteOver(world.adminService);
    const { group, service } = firstGroup(world);
    group.members.set(service.nalPath.toUpperCase(), 0);
    await site.removeBoundaryGroupMember({ group, member: { nalPath: service.nalPath } }, world);
    expect(group.members.size).toBe(0);
  });

  test('only the flag for cloud sources changes', async () => {
    await using world = await startAdminServiceWorld();
    const site = siteOver(world.adminService);
    const { group } = firstGroup(world);
    group.flags = 0x2 | 0x8 | 0x40;
    await site.setPreferCloudSources({ group, preferCloudSources: true }, world);
    expect(group.flags).toBe(0x2 | 0x8 | 0x40 | 0x10);
    await site.setPreferCloudSources({ group, preferCloudSources: false }, world);
    expect(group.flags).toBe(0x2 | 0x8 | 0x40);
  });

  test('what is as wanted is not written', async () => {
    await using world = await startAdminServiceWorld();
    const site = siteOver(world.adminService);
    const { group, service } = firstGroup(world);
    group.members.set(service.nalPath, 0);
    await site.addBoundaryGroupMember({ group, service, connection: 'Fast' }, world);
    await site.setPreferCloudSources({ group, preferCloudSources: false }, world);
    await site.removeBoundaryGroupMember({ group, member: { nalPath: 'elsewhere' } }, world);
    expect(world.site.control.journal.writes).toEqual([]);
  });
});

describe('site roles', () => {
  test('gateway traffic is allowed, and every other property of the role is kept', async () => {
    await using world = await startAdminServiceWorld();
    const role = roleOn(world, MANAGEMENT_POINT, 'SMS Management Point');
    const before = otherProps(role.props, 'AllowProxyTraffic');
    expect(before.length).toBeGreaterThan(2);
    const target = {
      server: MANAGEMENT_POINT,
      siteCode: 'PS1',
      role: 'ManagementPoint',
      allowCmgTraffic: true,
    } as const;
    expect(await siteOver(world.adminService).setCmgTraffic(target, world)).toMatchObject({ kind: 'Accepted' });
    expect(role.props).toContainEqual({ PropertyName: 'AllowProxyTraffic', Value: 1, Value1: '', Value2: '' });
    expect(otherProps(role.props, 'AllowProxyTraffic')).toEqual(before);
  });

  test('a role that somebody changes meanwhile is not overwritten', async () => {
    await using world = await startAdminServiceWorld();
    const role = roleOn(world, MANAGEMENT_POINT, 'SMS Management Point');
    world.site.control.faults.add({ match: { method: 'PUT', urlPattern: '.' }, action: { kind: 'delay', ms: 1000 } });
    const target = {
      server: MANAGEMENT_POINT,
      siteCode: 'PS1',
      role: 'ManagementPoint',
      allowCmgTraffic: true,
    } as const;
    const writing = siteOver(world.adminService).setCmgTraffic(target, world);
    await expect.poll(() => world.site.control.faults.rules[0]?.applied).toBe(1);
    const theirs = [{ PropertyName: 'MPInternetFacing', Value: 1, Value1: '', Value2: '' }];
    role.props = theirs;
    await world.clock.advance(1000);
    expect(await writing).toMatchObject({ kind: 'Conflict' });
    expect(role.props).toEqual(theirs);
  });

  test('a role whose properties the site does not show is not written', async () => {
    await using world = await startAdminServiceWorld();
    roleOn(world, MANAGEMENT_POINT, 'SMS Management Point').props = [];
    const target = {
      server: MANAGEMENT_POINT,
      siteCode: 'PS1',
      role: 'ManagementPoint',
      allowCmgTraffic: true,
    } as const;
    expect(await siteOver(world.adminService).setCmgTraffic(target, world)).toMatchObject({ kind: 'InvalidAnswer' });
    expect(world.site.control.journal.writes).toEqual([]);
  });

  test('a connection point is linked to another gateway, whatever the property is called', async () => {
    await using world = await startAdminServiceWorld();
    const site = siteOver(world.adminService);
    world.site.control.addService({ serviceName: OTHER });
    const role = roleOn(world, CONNECTION_POINT, 'SMS Cloud Proxy Connector');
    const kept = role.props.filter(({ Value1 }) => Value1 !== GATEWAY);
    const target = { siteSystem: CONNECTION_POINT, siteCode: 'PS1', service: { name: OTHER, serviceName: OTHER } };
    expect(await site.linkConnectionPoint(target, world)).toMatchObject({ kind: 'Accepted' });
    expect(await site.connectionPoints(world)).toMatchObject({ value: [{ serviceName: OTHER }] });
    expect(role.props.filter(({ Value1 }) => Value1 !== OTHER)).toEqual(kept);
    await site.linkConnectionPoint(target, world);
    expect(world.site.control.journal.writes).toHaveLength(1);
  });

  test('a link that the operator does not find becomes a step for a person', async () => {
    await using world = await startAdminServiceWorld();
    world.site.control.addService({ serviceName: OTHER });
    const role = roleOn(world, CONNECTION_POINT, 'SMS Cloud Proxy Connector');
    role.props = role.props.filter(({ Value1 }) => Value1 !== GATEWAY);
    const target = { siteSystem: CONNECTION_POINT, siteCode: 'PS1', service: { name: OTHER, serviceName: OTHER } };
    expect(await siteOver(world.adminService).linkConnectionPoint(target, world)).toMatchObject({
      kind: 'Manual',
      step: {
        cmdlet:
          "Set-CMCloudManagementGatewayConnectionPoint -CloudManagementGatewayName 'other.contoso.com' " +
          "-SiteSystemServerName 'cp1.ps1.corp.contoso.com' -SiteCode 'PS1'",
      },
    });
  });

  test('a connection point is removed; one that is not there is gone already', async () => {
    await using world = await startAdminServiceWorld();
    const site = siteOver(world.adminService);
    await site.removeConnectionPoint({ siteSystem: CONNECTION_POINT, siteCode: 'PS1' }, world);
    expect(await site.connectionPoints(world)).toMatchObject({ value: [] });
    expect(await site.removeConnectionPoint({ siteSystem: STANDBY, siteCode: 'PS1' }, world)).toMatchObject({
      kind: 'Accepted',
    });
    expect(world.site.control.journal.writes).toHaveLength(1);
  });

  test('where the site does not take embedded objects, it is a step for a person', async () => {
    await using world = await startAdminServiceWorld();
    world.site.control.settings.embeddedObjectsInPut = 'Refused';
    const role = roleOn(world, MANAGEMENT_POINT, 'SMS Management Point');
    const before = role.props;
    const target = {
      server: MANAGEMENT_POINT,
      siteCode: 'PS1',
      role: 'ManagementPoint',
      allowCmgTraffic: true,
    } as const;
    expect(await siteOver(world.adminService).setCmgTraffic(target, world)).toMatchObject({
      kind: 'Manual',
      step: { instruction: expect.stringContaining('does not take embedded properties') },
    });
    expect(role.props).toBe(before);
  });
});

describe('client authentication', () => {
  test('one switch changes; Enhanced HTTP, the other switch and all other properties stay', async () => {
    await using world = await startAdminServiceWorld();
    const site = siteOver(world.adminService);
    await site.setClientAuthentication({ siteCode: 'PS1', usePkiCertificate: true }, world);
    expect(await site.clientAuthentication('PS1', world)).toMatchObject({
      value: {
        usePkiCertificate: true,
        checkRevocationForSiteSystems: true,
        enhancedHttp: true,
        httpsOnly: false,
      },
    });
    const [write] = world.site.control.journal.writes;
    expect(JSON.parse(write?.text ?? '')).toMatchObject({
      Props: expect.arrayContaining([
        expect.objectContaining({ PropertyName: 'IISSSLState', Value: 1504 }),
        { PropertyName: 'Something Nobody Documents', Value: 7, Value1: 'seven', Value2: 'VII' },
      ]),
    });
  });
});

describe('gateways', () => {
  test('a record is made once, and is ready after a while', async () => {
    await using world = await startAdminServiceWorld();
    const site = siteOver(world.adminService);
    const registration = {
      serviceName: OTHER,
      deploymentName: 'other.westeurope.cloudapp.azure.com',
      description: 'made by a test',
      region: 'West Europe',
      siteCode: 'PS1',
      subscriptionId: '00000000-0000-4000-8000-000000000002',
      resourceGroup: 'other',
      certificateThumbprint: 'AB',
      instances: 2,
    };
    await site.registerService(registration, world);
    await site.registerService(registration, world);
    await world.clock.advance(60_000);
    const { resourceGroup: _, ...shown } = registration;
    expect(await site.serviceRecords(world)).toMatchObject({
      value: [{ serviceName: GATEWAY }, { ...shown, state: { kind: 'Ready' } }],
    });
    expect(world.site.control.services).toHaveLength(2);
  });

  test('stop, start and delete, as far as the state allows', async () => {
    await using world = await startAdminServiceWorld();
    const site = siteOver(world.adminService);
    const { service } = firstGroup(world);
    const state = async () => {
      const answer = await site.serviceRecords(world);
      return answer.kind === 'Answered' ? answer.value.map((record) => record.state.kind) : answer.kind;
    };
    expect(await site.startService(service, world)).toMatchObject({ kind: 'Accepted' });
    expect(world.site.control.journal.writes).toEqual([]);
    await site.stopService(service, world);
    expect(await state()).toEqual(['Stopping']);
    expect(await site.startService(service, world)).toMatchObject({ kind: 'ServerError' });
    await world.clock.advance(120_000);
    expect(await state()).toEqual(['Stopped']);
    await site.startService(service, world);
    await world.clock.advance(120_000);
    expect(await state()).toEqual(['Ready']);
    await site.unregisterService(service, world);
    expect(await state()).toEqual(['Deleting']);
    await world.clock.advance(300_000);
    expect(await state()).toEqual([]);
    expect(await site.unregisterService(service, world)).toMatchObject({ kind: 'Accepted' });
  });
});

test('a write whose answer is lost is a failure, and is found done when it is asked for again', async () => {
  await using world = await startAdminServiceWorld();
  const site = siteOver(world.adminService);
  const { group } = firstGroup(world);
  const target = { group, preferCloudSources: true };
  world.site.control.faults.add({ match: { method: 'PUT', urlPattern: '.' }, action: { kind: 'applyThenDrop' } });
  expect(await site.setPreferCloudSources(target, world)).toMatchObject({ kind: 'Unreachable' });
  expect(await site.setPreferCloudSources(target, world)).toMatchObject({ kind: 'Accepted' });
  expect(world.site.control.journal.writes).toHaveLength(1);
});

describe('who may not write', () => {
  test('an account that may only read', async () => {
    await using world = await startAdminServiceWorld();
    world.site.control.setRights('ReadOnly');
    const { group } = firstGroup(world);
    const target = { group, preferCloudSources: true };
    expect(await siteOver(world.adminService).setPreferCloudSources(target, world)).toMatchObject({
      kind: 'Forbidden',
    });
  });

  test('a process that has lost its lease: nothing is sent', async () => {
    await using world = await startAdminServiceWorld();
    const fenced = world.connect({
      fence: () => {
        throw new Error('This process does not lead.');
      },
    });
    const { group } = firstGroup(world);
    await expect(siteOver(fenced).setPreferCloudSources({ group, preferCloudSources: true }, world)).rejects.toThrow(
      'This process does not lead.',
    );
    expect(group.flags & 0x10).toBe(0);
  });
});
