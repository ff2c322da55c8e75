import { describe, expect, test } from 'vitest';
import { type CertificateOfGateway, judgeRenewal } from './renewal.ts';
import type { ServerCertificate } from './server-certificate.ts';

const BEFORE: CertificateOfGateway = {
  commonName: 'granitefalls.contoso.com',
  organization: 'Contoso',
  trust: 'Private',
  sha256Fingerprint: 'a'.repeat(64),
};

const renewed = (change: Partial<ServerCertificate>): ServerCertificate => ({
  commonName: 'granitefalls.contoso.com',
  organization: 'Contoso',
  dnsNames: ['granitefalls.contoso.com'],
  notBefore: 0,
  notAfter: 1,
  keyType: 'rsa',
  keyBits: 2048,
  forServers: true,
  sha256Fingerprint: 'b'.repeat(64),
  chainSha256: 'c'.repeat(64),
  trust: 'Private',
  chain: [],
  missingIssuer: undefined,
  ...change,
});

describe('a renewed certificate', () => {
  test('is taken with the same common name, organization and kind of authority', () => {
    expect(judgeRenewal(BEFORE, renewed({}))).toEqual([]);
    const { organization: _none, ...without } = BEFORE;
    expect(judgeRenewal(without, renewed({ organization: undefined }))).toEqual([]);
  });

  test.each<readonly [what: string, change: Partial<ServerCertificate>, reason: string, says: RegExp]>([
    [
      'for a wildcard',
      { commonName: '*.contoso.com' },
      'CommonNameChanged',
      /for \*\.contoso\.com, but .*granitefalls/,
    ],
    ['in another case', { commonName: 'GraniteFalls.contoso.com' }, 'CommonNameChanged', /for GraniteFalls\.contoso/],
    [
      'of another organization',
      { organization: 'Fabrikam' },
      'CertificateNeedsRedeployment',
      /Fabrikam in place of Contoso\./,
    ],
    ['of no organization', { organization: undefined }, 'CertificateNeedsRedeployment', /none in place of Contoso\./],
    [
      'of a public authority',
      { trust: 'Public' },
      'CertificateNeedsRedeployment',
      /a public one in place of a private one\./,
    ],
    [
      'of a public authority and another organization',
      { trust: 'Public', organization: 'Fabrikam' },
      'CertificateNeedsRedeployment',
      /Fabrikam in place of Contoso, and its authority is a public one in place of/,
    ],
  ])('%s is refused', (_what, change, reason, says) => {
    expect(judgeRenewal(BEFORE, renewed(change))).toEqual([{ reason, message: expect.stringMatching(says) }]);
  });

  test('that is the one before is none, whatever counts as public by now', () => {
    expect(judgeRenewal(BEFORE, renewed({ sha256Fingerprint: 'a'.repeat(64), trust: 'Public' }))).toEqual([]);
  });
});
