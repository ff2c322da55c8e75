import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CMDLETS, cmdletLine } from './cmdlets.ts';
import { type Change, type ChangeTarget, OPERATION } from './driver.ts';
import { addConnectionPointStep, manualStep, serverInNalPath } from './manual-steps.ts';
import { OPERATION_FORMS, standingOf } from './standings.ts';

/** Where the code of the operator is. */
const SOURCE = join(import.meta.dirname, '..');

const service = {
  id: 16_777_220,
  name: 'GraniteFalls.contoso.com',
  serviceName: 'GraniteFalls.contoso.com',
  nalPath: '["Display=\\\\GraniteFalls.contoso.com\\"]MSWNET:["SMS_SITE=PS1"]\\\\GraniteFalls.contoso.com\\',
};
const group = { id: 16_777_217, name: "Sue's branches" };
const point = { siteSystem: 'cp1.contoso.com', siteCode: 'PS1' };

const TARGETS: { readonly [Name in Change]: readonly ChangeTarget<Name>[] } = {
  registerService: [
    {
      serviceName: service.serviceName,
      deploymentName: 'granitefalls.westeurope.cloudapp.azure.com',
      description: '',
      region: 'West Europe',
      siteCode: 'PS1',
      subscriptionId: '00000000-0000-4000-8000-000000000001',
      resourceGroup: 'cmg',
      certificateThumbprint: '',
      instances: 1,
    },
  ],
  unregisterService: [service],
  startService: [service],
  stopService: [service],
  addConnectionPoint: [{ ...point, service }],
  linkConnectionPoint: [{ ...point, service }],
  removeConnectionPoint: [point],
  addBoundaryGroupMember: [
    { group, service, connection: 'Fast' },
    { group, service, connection: 'Slow' },
  ],
  removeBoundaryGroupMember: [{ group, member: service }],
  setPreferCloudSources: [
    { group, preferCloudSources: true },
    { group, preferCloudSources: false },
  ],
  setCmgTraffic: [
    { server: 'mp1.contoso.com', siteCode: 'PS1', role: 'ManagementPoint', allowCmgTraffic: true },
    { server: 'sup1.contoso.com', siteCode: 'PS1', role: 'SoftwareUpdatePoint', allowCmgTraffic: false },
  ],
  setClientAuthentication: [
    { siteCode: 'PS1', usePkiCertificate: true },
    { siteCode: 'PS1', usePkiCertificate: false, checkRevocationForSiteSystems: true },
  ],
  setClientSettings: [{ allowCmg: true }],
};

const changes = Object.keys(TARGETS) as Change[];

function stepsOf<Name extends Change>(change: Name) {
  return TARGETS[change].map((target) => manualStep(change, target, 'Because.'));
}

describe('manual steps', () => {
  test.each(changes)('%s names documented cmdlets and parameters only', (change) => {
    for (const { cmdlet } of stepsOf(change)) {
      if (cmdlet === undefined) continue;
      const [name = '', ...rest] = cmdlet.split(' ');
      expect(Object.keys(CMDLETS)).toContain(name);
      const documented: readonly string[] = CMDLETS[name as keyof typeof CMDLETS];
      const parameters = [...rest.join(' ').matchAll(/(?:^| )-(\w+)/g)].map(([, parameter]) => parameter);
      expect(parameters.length).toBeGreaterThan(0);
      for (const parameter of parameters) expect(documented).toContain(parameter);
    }
  });

  test('all of them, as people read them', () => {
    const lines = changes.flatMap((change) =>
      stepsOf(change).map(({ operation, instruction, cmdlet }) => `${operation}: ${instruction}\n  ${cmdlet ?? '-'}`),
    );
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "RegisterService: Make the site's record of the gateway GraniteFalls.contoso.com. No cmdlet makes one for a gateway that the site did not build: set allowUnproven on the Site to let the operator try. Because.
        -
      UnregisterService: Remove the gateway GraniteFalls.contoso.com from the site. Because.
        Remove-CMCloudManagementGateway -Name 'GraniteFalls.contoso.com' -Force
      StartService: Start the gateway GraniteFalls.contoso.com. Because.
        Start-CMCloudManagementGateway -Name 'GraniteFalls.contoso.com'
      StopService: Stop the gateway GraniteFalls.contoso.com. Because.
        Stop-CMCloudManagementGateway -Name 'GraniteFalls.contoso.com'
      AddConnectionPoint: Install a connection point for GraniteFalls.contoso.com on cp1.contoso.com. Because.
        Add-CMCloudManagementGatewayConnectionPoint -CloudManagementGatewayName 'GraniteFalls.contoso.com' -SiteSystemServerName 'cp1.contoso.com' -SiteCode 'PS1'
      LinkConnectionPoint: Link the connection point on cp1.contoso.com to GraniteFalls.contoso.com. Because.
        Set-CMCloudManagementGatewayConnectionPoint -CloudManagementGatewayName 'GraniteFalls.contoso.com' -SiteSystemServerName 'cp1.contoso.com' -SiteCode 'PS1'
      RemoveConnectionPoint: Remove the connection point from cp1.contoso.com. Because.
        Remove-CMCloudManagementGatewayConnectionPoint -SiteSystemServerName 'cp1.contoso.com' -SiteCode 'PS1' -Force
      AddBoundaryGroupMember: Add GraniteFalls.contoso.com to the references of the boundary group Sue's branches. Because.
        Set-CMBoundaryGroup -Id '16777217' -AddSiteSystemServerName 'GraniteFalls.contoso.com'
      AddBoundaryGroupMember: Add GraniteFalls.contoso.com to the references of the boundary group Sue's branches with a slow connection, in the console: the cmdlet takes fast ones only. Because.
        -
      RemoveBoundaryGroupMember: Remove GraniteFalls.contoso.com from the references of the boundary group Sue's branches. Because.
        Set-CMBoundaryGroup -Id '16777217' -RemoveSiteSystemServerName 'GraniteFalls.contoso.com'
      SetPreferCloudSources: Have the boundary group Sue's branches prefer cloud sources. Because.
        Set-CMBoundaryGroup -Id '16777217' -PreferCloudDPOverDP $true
      SetPreferCloudSources: Have the boundary group Sue's branches not prefer cloud sources. Because.
        Set-CMBoundaryGroup -Id '16777217' -PreferCloudDPOverDP $false
      SetCmgTraffic: Allow gateway traffic to the management point on mp1.contoso.com. Because.
        Set-CMManagementPoint -SiteSystemServerName 'mp1.contoso.com' -SiteCode 'PS1' -EnableCloudGateway $true
      SetCmgTraffic: Do not allow gateway traffic to the software update point on sup1.contoso.com. Because.
        Set-CMSoftwareUpdatePoint -SiteSystemServerName 'sup1.contoso.com' -SiteCode 'PS1' -EnableCloudGateway $false
      SetClientAuthentication: Set how clients of site PS1 prove who they are. Because.
        Set-CMSite -SiteCode 'PS1' -UsePkiClientCertificate $true
      SetClientAuthentication: Set how clients of site PS1 prove who they are. Because.
        Set-CMSite -SiteCode 'PS1' -UsePkiClientCertificate $false -ClientCheckCertificateRevocationListForSiteSystem $true
      SetClientSettings: Allow clients to use a cloud management gateway, in the default client settings. Because.
        Set-CMClientSettingCloudService -DefaultSetting -AllowCloudManagementGateway $true"
    `);
  });
});

test('whatever names a cmdlet in the code of the operator names a documented one, and leaves its line to be put together', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?<!\.test)\.ts$/.test(file),
  );
  const named = files.flatMap((file) => {
    const text = readFileSync(join(SOURCE, file), 'utf8');
    return [...text.matchAll(/\b(?:Add|Get|New|Remove|Set|Start|Stop|Sync)-CM\w+(?: -\w+)?/g)].map(([name]) => ({
      file,
      name,
    }));
  });
  expect(named.length).toBeGreaterThan(Object.keys(CMDLETS).length);
  // With a parameter behind it, it would be a line that nobody has checked.
  expect(named.filter(({ name }) => !Object.hasOwn(CMDLETS, name))).toEqual([]);
});

describe('a text in a cmdlet', () => {
  test('ends where it should, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const line = cmdletLine('Get-CMCloudManagementGateway', { Name: text });
        const quoted = line.slice("Get-CMCloudManagementGateway -Name '".length, -1);
        // Quotes come in pairs of the same kind only, and no line ends before the text does.
        expect(quoted.replaceAll(/(['\u2018\u2019\u201a\u201b])\1/g, '')).not.toMatch(
          /['\u2018\u2019\u201a\u201b\r\n]/,
        );
      }),
    );
  });

  test('that a person has to put in is no argument that PowerShell takes', () => {
    const service = { name: 'g', serviceName: 'g.contoso.com' };
    const { cmdlet } = addConnectionPointStep({ siteSystem: 'cp1.contoso.com', service }, 'Because.');
    expect(cmdlet).toBe(
      "Add-CMCloudManagementGatewayConnectionPoint -CloudManagementGatewayName 'g' -SiteSystemServerName 'cp1.contoso.com' -SiteCode <code of its primary site>",
    );
  });

  test('is closed by no typographic quote', () => {
    expect(cmdletLine('Stop-CMCloudManagementGateway', { Name: 'a\u2019; Remove-Item x' })).toBe(
      "Stop-CMCloudManagementGateway -Name 'a\u2019\u2019; Remove-Item x'",
    );
  });
});

test('every change has a form or a manual step, and every form of a cmdlet names known ones', () => {
  for (const change of changes) {
    const forms = OPERATION_FORMS.filter(({ operation }) => operation === OPERATION[change]);
    expect(forms.length, change).toBeGreaterThan(0);
  }
  const named = OPERATION_FORMS.filter(({ driver }) => driver === 'Cmdlets').flatMap(({ form }) => form.split(', '));
  for (const name of named) expect(Object.keys(CMDLETS)).toContain(name);
  expect(standingOf('StopService', 'Cmdlets')).toBe('Documented');
  expect(standingOf('SetClientSettings', 'AdminService')).toBeUndefined();
});

test.each([
  [service.nalPath, 'GraniteFalls.contoso.com'],
  ['something else', 'something else'],
])('the server in the NAL path %s', (path, server) => {
  expect(serverInNalPath(path)).toBe(server);
});
