import 'reflect-metadata';
import { randomBytes, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { describe, expect, test } from 'vitest';
import { createCertificateAuthority } from '../../test/certificate-authority.ts';
import { issue, party } from './certificates.test-world.ts';
import { listAddressesOf, revocationListProblem } from './revocation-lists.ts';

const authorityWith = (revocationLists: string) => createCertificateAuthority('Contoso', { revocationLists });
const contoso = await authorityWith('http://pki.contoso.com/crl');
const fabrikam = await createCertificateAuthority('Fabrikam');
const certificateOf = (pem: string) => new X509Certificate(pem);

describe('the address of the revocation list', () => {
  const addressesOf = (pem: string) => listAddressesOf(certificateOf(pem));

  test('is taken from a distribution point that names it by http', () => {
    expect(addressesOf(contoso.intermediatePem)).toEqual({
      kind: 'Http',
      addresses: ['http://pki.contoso.com/crl/root.crl'],
    });
  });

  test('is not needed for a root', () => {
    expect(addressesOf(contoso.rootPem)).toEqual({ kind: 'NotNeeded' });
  });

  test('is none where the authority names none', () => {
    expect(addressesOf(fabrikam.intermediatePem)).toEqual({ kind: 'None' });
  });

  test.each(['ldap:///CN=Contoso', 'https://pki.contoso.com'])('is out of reach at %s', async (place) => {
    const { intermediatePem } = await authorityWith(place);
    expect(addressesOf(intermediatePem)).toEqual({ kind: 'OutOfReach', addresses: [`${place}/root.crl`] });
  });
});

describe('a revocation list', async () => {
  const current = await contoso.revocationList('Root', []);
  const certificate = certificateOf(contoso.intermediatePem);
  const issuer = certificateOf(contoso.rootPem);
  const problemOf = (content: Uint8Array, now = Date.now()) =>
    revocationListProblem(content, { certificate, issuer }, now);
  const DAY_MS = 86_400_000;

  test('that is current and signed by the issuer has no problem', async () => {
    expect(await problemOf(current)).toBeUndefined();
  });

  test('is out of date after its next update', async () => {
    expect(await problemOf(current, Date.now() + 2 * DAY_MS)).toMatch(/^is out of date since \d{4}-/);
  });

  test('of another authority is not signed by the issuer', async () => {
    expect(await problemOf(await fabrikam.revocationList('Root', []))).toMatch(
      /^is not signed by "CN=Contoso Root CA"/,
    );
    expect(await problemOf(await contoso.revocationList('Intermediate', []))).toMatch(/^is not signed by/);
  });

  test('that names the authority tells that it is revoked', async () => {
    expect(await problemOf(await contoso.revocationList('Root', [contoso.intermediatePem]))).toBe(
      'names it as revoked',
    );
  });

  test('as long as the operator reads one is read, and finds the one', async () => {
    const root = await party('Root');
    const authority = await issue({ to: await party('Issuing'), by: root });
    const others = Array.from({ length: 3000 }, () => randomBytes(16).toString('hex').replace(/^./, '7'));
    const list = await x509.X509CrlGenerator.create({
      issuer: root.name,
      thisUpdate: new Date(),
      nextUpdate: new Date(Date.now() + DAY_MS),
      entries: [...others, authority.serialNumber].map((serialNumber) => ({
        serialNumber,
        revocationDate: new Date(),
      })),
      signingKey: root.keys.privateKey,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    });
    const subject = { certificate: authority, issuer: await issue({ to: root }) };
    expect(await revocationListProblem(new Uint8Array(list.rawData), subject, Date.now())).toBe('names it as revoked');
  });

  test.each([
    ['a web page', Buffer.from('<html>Not found</html>')],
    ['nothing', new Uint8Array()],
    ['a certificate', certificate.raw],
    ['a list that is cut off', current.slice(0, -40)],
  ])('is not %s', async (_what, content) => {
    expect(await problemOf(content)).toBe('is no revocation list');
  });
});
