import { describe, expect, test } from 'vitest';
import { krb5Configuration, realmOf, serviceOf } from './configuration.ts';

describe('the settings of Kerberos', () => {
  test('name the domain controllers that the Site names', () => {
    const text = krb5Configuration({
      realm: 'CONTOSO.COM',
      kdcs: ['dc01.contoso.com', '10.0.0.4:8088', '[fd00::4]:88'],
    });
    expect(text).toContain('  default_realm = CONTOSO.COM\n  dns_lookup_kdc = false\n');
    expect(text).toContain(
      '  CONTOSO.COM = {\n    kdc = dc01.contoso.com\n    kdc = 10.0.0.4:8088\n    kdc = [fd00::4]:88\n  }\n',
    );
  });

  test('leave them to DNS otherwise', () => {
    const text = krb5Configuration({ realm: 'CONTOSO.COM', kdcs: [] });
    expect(text).toContain('dns_lookup_kdc = true\n');
    expect(text).not.toContain('[realms]');
  });

  test.each(['dc01 }', 'dc01\nkdc = evil', 'dc01:port', 'https://dc01', ''])(
    'take no other text for one: %j',
    (kdc) => {
      expect(() => krb5Configuration({ realm: 'CONTOSO.COM', kdcs: [kdc] })).toThrow('is no domain controller');
    },
  );

  test.each(['CONTOSO COM', 'A\n[libdefaults]', '{', ''])('take no other text for a realm: %j', (realm) => {
    expect(() => krb5Configuration({ realm, kdcs: [] })).toThrow('is no name of a realm');
    expect(() => realmOf(`svc-cmg@${realm}`)).toThrow('has to be written with its realm');
  });
});

describe('the realm of an account', () => {
  test.each([
    ['svc-cmg@CONTOSO.COM', 'CONTOSO.COM'],
    ['HTTP/provider.contoso.com@contoso.com', 'contoso.com'],
    ['CMG01$@CONTOSO.COM', 'CONTOSO.COM'],
  ])('%s', (principal, realm) => expect(realmOf(principal)).toBe(realm));

  test.each(['svc-cmg', 'CONTOSO\\svc-cmg', 'a b@CONTOSO.COM', 'svc@a@b'])('is missing in %s', (principal) => {
    expect(() => realmOf(principal)).toThrow('such as svc-cmg@CONTOSO.COM');
  });
});

describe('the service principal of an address', () => {
  test('has its host name, without the port', () => {
    expect(serviceOf('https://Provider.contoso.com:8443')).toBe('HTTP@provider.contoso.com');
  });

  test.each(['https://10.0.0.4', 'https://[fd00::4]', 'https://provider'])('is not known for %s', (origin) => {
    expect(() => serviceOf(origin)).toThrow('needs the full DNS name of the SMS Provider');
  });
});
