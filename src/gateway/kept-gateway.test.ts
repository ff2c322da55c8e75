import { describe, expect, it } from 'vitest';
import { type JsonObject, type JsonValue, valueAt } from '../json.ts';
import { bodyOf, contoso, observedOutputs } from './deployment.test-world.ts';
import type { GatewayDeployment } from './deployment.ts';
import {
  isRenewalDue,
  type KeptSettings,
  keptScaleSet,
  missingAuthorities,
  renewedAsKept,
  settingsIn,
} from './kept-gateway.ts';
import { scaleSet } from './resources/scale-set.ts';
import { gatewaySettings } from './settings.ts';
import { settingsFile } from './setup-files.ts';

const { content, sha256 } = settingsFile(contoso);
const settings = settingsIn(content);
if (settings === undefined) throw new Error('The settings cannot be read.');
const kept: KeptSettings = { sha256, settings };

/** What the spec says by now, with a renewed certificate. */
const byNow: GatewayDeployment = {
  ...contoso,
  vmSku: 'Standard_D8ads_v6',
  instances: 1,
  minimumTlsVersion: '1.0',
  contentEnabled: false,
  servicePackage: { sha256: 'd4'.repeat(32) },
  clientAuthentication: { trustedCertificates: ['YWRkZWQ='], verifyRevocation: false },
  certificate: { ...contoso.certificate, sha256Fingerprint: 'e5'.repeat(32) },
};

/** The scale set as it was made, in Azure, while the vault holds this version of the certificate. */
function observedWith(version: string): Map<string, JsonObject> {
  const made = scaleSet(contoso).desired(observedOutputs(contoso)) ?? {};
  const certificate = { properties: { secretUriWithVersion: version } };
  return new Map([...observedOutputs(contoso), ['scaleSet', made], ['certificate', certificate]]);
}

const urlOf = (observed: ReadonlyMap<string, JsonObject>) =>
  String(valueAt(observed.get('certificate'), 'properties', 'secretUriWithVersion'));
const SAME = urlOf(observedOutputs(contoso));
const RENEWED = SAME.replace(/[^/]+$/, 'f'.repeat(32));
const desired = (observed: Map<string, JsonObject>, known: KeptSettings | undefined = kept) =>
  keptScaleSet(byNow, scaleSet(byNow), known).desired(observed) ?? {};

/** Paths of values below `body` that `shown` has otherwise; passwords and protected settings Azure never shows. */
function changed(body: JsonValue | undefined, shown: JsonValue | undefined, path = ''): readonly string[] {
  if (typeof body !== 'object' || body === null) {
    return body === shown ? [] : [path];
  }
  return Object.entries(body)
    .filter(([name]) => name !== 'protectedSettings' && name !== 'adminPassword')
    .flatMap(([name, value]) => changed(value, (shown as JsonObject | undefined)?.[name], `${path}/${name}`));
}

const changes = (observed: Map<string, JsonObject>, known?: KeptSettings) =>
  changed(desired(observed, known), observed.get('scaleSet'));

describe('the VMs of a gateway that only goes on serving', () => {
  it('are as they should be, whatever the spec says by now', () => {
    expect(changes(observedWith(SAME))).toEqual([]);
    expect(isRenewalDue(observedWith(SAME))).toBe(false);
  });

  it('get the version of the certificate that the vault holds, and settings that name it', () => {
    const observed = observedWith(RENEWED);
    expect(isRenewalDue(observed)).toBe(true);
    expect(changes(observed).map((path) => path.replace(/^.*\//, ''))).toEqual([
      'certificateUrl',
      'forceUpdateTag',
      'configmgr.io_settings',
    ]);
    const told = JSON.stringify(desired(observed));
    expect(told).toContain(settingsFile(renewedAsKept(byNow, kept)).sha256);
    expect(told).toContain(contoso.servicePackage.sha256);
    expect(told).not.toContain(byNow.servicePackage.sha256);
  });

  it('get none as long as what they were told is not known, or is not what their scale set names', () => {
    expect(changes(observedWith(RENEWED), { ...kept, sha256: '0'.repeat(64) })).toEqual([]);
    expect(keptScaleSet(byNow, scaleSet(byNow), undefined).desired(observedWith(RENEWED))).toEqual(
      desired(observedWith(SAME)),
    );
  });

  it('have nothing due where Azure shows no scale set, or no certificate', () => {
    expect(isRenewalDue(observedOutputs(contoso))).toBe(false);
    const observed = observedWith(RENEWED);
    observed.delete('certificate');
    expect(isRenewalDue(observed)).toBe(false);
  });

  it('carry the tags of the cluster that looks after them now', () => {
    const moved = { ...byNow, owner: { ...byNow.owner, clusterUid: 'another' } };
    const observed = observedWith(SAME);
    const body = keptScaleSet(moved, scaleSet(moved), kept).desired(observed) ?? {};
    expect(changed(body, observed.get('scaleSet'))).toEqual(['/tags/configmgr.io_cluster']);
    expect(body.sku).toEqual(bodyOf(scaleSet(contoso), contoso).sku);
  });
});

describe('what the VMs are told with a renewed certificate', () => {
  it('differs in the certificate, and in authorities that are added; none is taken away', () => {
    const renewed = renewedAsKept(byNow, kept);
    expect(renewed.vmModel.settings(renewed)).toEqual({
      ...gatewaySettings(contoso),
      certificateThumbprintSha256: byNow.certificate.sha256Fingerprint,
      clientAuthentication: {
        verifyRevocation: true,
        trustedCertificates: [...contoso.clientAuthentication.trustedCertificates, 'YWRkZWQ='],
      },
    });
    expect(missingAuthorities(byNow, kept)).toEqual(['YWRkZWQ=']);
    expect(missingAuthorities({ ...byNow, clientAuthentication: contoso.clientAuthentication }, kept)).toEqual([]);
  });

  it('keeps what a later version of the operator has added', () => {
    const later = settingsIn(Buffer.from(JSON.stringify({ ...gatewaySettings(contoso), later: ['x'] })));
    const renewed = renewedAsKept(byNow, { sha256, settings: later ?? settings });
    expect(renewed.vmModel.settings(renewed)).toMatchObject({ later: ['x'] });
  });

  it.each<[what: string, value: JsonValue]>([
    ['no object', 'settings'],
    ['an object of something else', { serviceName: 'a' }],
    ['settings without authorities', { ...gatewaySettings(contoso), clientAuthentication: {} }],
    ['settings with another package', { ...gatewaySettings(contoso), servicePackageSha256: '../../x' }],
  ])('is nothing that %s says', (_, value) => {
    expect(settingsIn(Buffer.from(JSON.stringify(value)))).toBeUndefined();
  });

  it('is nothing that is no JSON', () => {
    expect(settingsIn(Buffer.from('<html>'))).toBeUndefined();
  });
});
