import { describe, expect, test } from 'vitest';
import { explainFailure, moduleMissing, ticketRefused } from './failures.ts';

const SIGN_IN = { principal: 'svc-cmg@CONTOSO.COM', realm: 'CONTOSO.COM', service: 'HTTP@provider.contoso.com' };
const NO_CREDENTIALS = 'No credentials were supplied, or the credentials were unavailable or inaccessible: ';
const UNSPECIFIED = 'Unspecified GSS failure.  Minor code may provide more information: ';

describe('a failure of Kerberos', () => {
  // The texts are those of MIT Kerberos 1.20.1.
  test.each([
    [
      `${UNSPECIFIED}Server HTTP/provider.contoso.com@CONTOSO.COM not found in Kerberos database`,
      'Other',
      'The domain CONTOSO.COM does not know the service principal name HTTP/provider.contoso.com.',
    ],
    [
      `${UNSPECIFIED}Server krbtgt/FABRIKAM.COM@CONTOSO.COM not found in Kerberos database`,
      'Other',
      'knows no way to the domain of provider.contoso.com.',
    ],
    [
      `${NO_CREDENTIALS}Client 'svc-cmg@CONTOSO.COM' not found in Kerberos database`,
      'Other',
      'The domain CONTOSO.COM does not know the account svc-cmg@CONTOSO.COM.',
    ],
    [
      `${NO_CREDENTIALS}Can't find client principal svc-cmg@CONTOSO.COM in cache collection`,
      'Keytab',
      'The keytab in the Secret holds no key for svc-cmg@CONTOSO.COM.',
    ],
    [`${NO_CREDENTIALS}Preauthentication failed`, 'Keytab', 'does not fit svc-cmg@CONTOSO.COM any more'],
    [`${NO_CREDENTIALS}KDC has no support for encryption type`, 'Keytab', 'does not take the kind of key'],
    [`${NO_CREDENTIALS}Client's credentials have been revoked`, 'Other', 'is disabled, locked or expired'],
    [`${NO_CREDENTIALS}Password has expired`, 'Keytab', 'The password of svc-cmg@CONTOSO.COM has expired.'],
    [`${NO_CREDENTIALS}Clock skew too great`, 'Other', 'differ by more than five minutes'],
    [`${UNSPECIFIED}Ticket expired`, 'Ticket', 'The ticket for HTTP/provider.contoso.com has expired'],
    [
      `${NO_CREDENTIALS}Cannot find KDC for realm "CONTOSO.COM"`,
      'Other',
      'No domain controller of CONTOSO.COM answers. Without kdcs in the Site they are found by the DNS records _kerberos._tcp.contoso.com',
    ],
    [`${NO_CREDENTIALS}Cannot contact any KDC for realm 'CONTOSO.COM'`, 'Other', 'No domain controller of CONTOSO.COM'],
  ])('%s', (text, kind, message) => {
    const error = explainFailure(text, SIGN_IN);
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(message);
    // For whoever knows Kerberos better.
    expect(error.message).toContain(text.replace(UNSPECIFIED, ''));
  });

  test('that is not known is told as it is', () => {
    expect(explainFailure(`${UNSPECIFIED}Something new`, SIGN_IN)).toMatchObject({
      kind: 'Other',
      message: 'Signing in by Kerberos failed: Something new',
    });
  });

  test('of the module names what to install, and its first line', () => {
    expect(moduleMissing('Opening library libgssapi_krb5.so.2 failed\nRequire stack:').message).toMatch(
      /npm package kerberos .* libgssapi_krb5 and libkrb5.*\(Opening library libgssapi_krb5\.so\.2 failed\)$/,
    );
  });

  test('of a new ticket names both causes', () => {
    const { message } = ticketRefused(SIGN_IN, undefined);
    expect(message).toContain('belongs to another account');
    expect(message).toContain('its clock differs');
  });
});
