import { describe, expect, test } from 'vitest';
import { negotiateChallenge, negotiateHeader } from './negotiate.ts';

const KERBEROS = 'oYG3MIG0oAMKAQChCwYJKoZIhvcSAQIC';
/** As Windows sends it: bare, and wrapped in SPNEGO. */
const NTLM_CHALLENGE = Buffer.from('NTLMSSP\0\x02\0\0\0', 'latin1').toString('base64');
const SPNEGO_WITH_NTLM = Buffer.from('a1153013a0030a0101a10c060a2b06010401823702020a', 'hex');

describe('what a server says of Negotiate', () => {
  test.each([
    [[`Negotiate ${KERBEROS}`], { kind: 'Token', token: KERBEROS }],
    [['NTLM', `negotiate ${KERBEROS}`], { kind: 'Token', token: KERBEROS }],
    [['NTLM', 'Negotiate'], { kind: 'Bare' }],
    [['NTLM', 'Basic realm="site"'], { kind: 'NotOffered', schemes: ['NTLM', 'Basic'] }],
    [[], { kind: 'NotOffered', schemes: [] }],
  ])('%j', (challenges, expected) => {
    expect(negotiateChallenge(challenges)).toEqual(expected);
  });

  test.each([
    ['bare', NTLM_CHALLENGE],
    ['within SPNEGO', SPNEGO_WITH_NTLM.toString('base64')],
  ])('NTLM is refused, %s, in both directions', (_, token) => {
    expect(() => negotiateChallenge([`Negotiate ${token}`])).toThrow('with NTLM, which the operator never uses');
    expect(() => negotiateHeader(token)).toThrow('with NTLM, which the operator never uses');
  });

  test('Kerberos is sent as it is', () => {
    expect(negotiateHeader(KERBEROS)).toBe(`Negotiate ${KERBEROS}`);
  });
});
