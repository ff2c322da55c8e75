import type { X509Certificate } from 'node:crypto';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { issue, type Party, party } from './certificates.test-world.ts';
import { findChain, publicRoots } from './chain.ts';

let root: Party;
let intermediate: Party;
let server: Party;
let rootCertificate: X509Certificate;
let intermediateCertificate: X509Certificate;
let leaf: X509Certificate;

beforeAll(async () => {
  root = await party('Root');
  intermediate = await party('Issuing, O=Contoso');
  server = await party('granitefalls.contoso.com');
  rootCertificate = await issue({ to: root });
  intermediateCertificate = await issue({ to: intermediate, by: root });
  leaf = await issue({ to: server, by: intermediate, leaf: {} });
});

const names = (chain: readonly X509Certificate[]) => chain.map(({ subject }) => subject.split('\n')[0]);

describe('findChain', () => {
  it('puts certificates in order, whatever their order in the file', async () => {
    const stranger = await issue({ to: await party('Stranger') });
    const available = [leaf, rootCertificate, stranger, intermediateCertificate];
    fc.assert(
      fc.property(fc.shuffledSubarray(available, { minLength: 4 }), (shuffled) => {
        const { chain, ...rest } = findChain(leaf, shuffled, []);
        expect(chain).toEqual([leaf, intermediateCertificate, rootCertificate]);
        expect(rest).toEqual({ trust: 'Private', missingIssuer: undefined });
      }),
    );
  });

  it('ends before a public root, whether the file has it or not', () => {
    const expected = { chain: [leaf, intermediateCertificate], trust: 'Public', missingIssuer: undefined };
    expect(findChain(leaf, [intermediateCertificate], [rootCertificate])).toEqual(expected);
    expect(findChain(leaf, [rootCertificate, intermediateCertificate], [rootCertificate])).toEqual(expected);
  });

  it('names the issuer that is missing', () => {
    expect(findChain(leaf, [rootCertificate], [])).toEqual({
      chain: [leaf],
      trust: 'Private',
      missingIssuer: 'CN=Issuing, O=Contoso',
    });
    expect(findChain(leaf, [intermediateCertificate], [])).toEqual({
      chain: [leaf, intermediateCertificate],
      trust: 'Private',
      missingIssuer: 'CN=Root',
    });
  });

  it('takes a certificate that vouches for itself as a private root', async () => {
    const own = await issue({ to: server, leaf: {} });
    expect(findChain(own, [own], [])).toEqual({ chain: [own], trust: 'Private', missingIssuer: undefined });
    expect(findChain(own, [own], [own])).toMatchObject({ chain: [own], trust: 'Public' });
  });

  it('does not take a namesake with another key for the issuer', async () => {
    const namesake = await issue({ to: { ...(await party('x')), name: intermediate.name } });
    expect(findChain(leaf, [namesake, rootCertificate], [])).toMatchObject({
      chain: [leaf],
      missingIssuer: 'CN=Issuing, O=Contoso',
    });
  });

  it('goes by way of a cross-signed root to a public one', async () => {
    const old = await party('Old Root');
    const oldRoot = await issue({ to: old });
    const cross = await issue({ to: root, by: old });
    const available = [intermediateCertificate, rootCertificate, cross];
    const { chain, trust } = findChain(leaf, available, [oldRoot]);
    expect(trust).toBe('Public');
    expect(chain).toEqual([leaf, intermediateCertificate, cross]);
  });

  it('passes over an issuer that leads nowhere, if another leads to a root', async () => {
    const gone = await party('Gone');
    const deadEnd = await issue({
      to: intermediate,
      by: gone,
      notAfter: new Date(Date.now() + 1e12),
    });
    const { chain, missingIssuer } = findChain(leaf, [deadEnd, intermediateCertificate, rootCertificate], []);
    expect(missingIssuer).toBeUndefined();
    expect(chain).toEqual([leaf, intermediateCertificate, rootCertificate]);
  });

  it('takes the issuer that is valid longest', async () => {
    const expired = await issue({
      to: intermediate,
      by: root,
      notBefore: new Date('2020-01-01'),
      notAfter: new Date('2021-01-01'),
    });
    const { chain } = findChain(leaf, [expired, intermediateCertificate, rootCertificate], []);
    expect(chain[1]).toBe(intermediateCertificate);
  });

  it('ends where authorities vouch for each other and for nobody else', async () => {
    const [one, two] = [await party('One'), await party('Two')];
    const available = [await issue({ to: one, by: two }), await issue({ to: two, by: one })];
    const own = await issue({ to: server, by: one, leaf: {} });
    const { chain, trust, missingIssuer } = findChain(own, available, []);
    expect(names(chain)).toEqual(['CN=granitefalls.contoso.com', 'CN=One', 'CN=Two']);
    expect({ trust, missingIssuer }).toEqual({ trust: 'Private', missingIssuer: 'CN=One' });
  });
});

describe('publicRoots', () => {
  it('are the roots that Node carries', () => {
    const roots = publicRoots();
    expect(roots.length).toBeGreaterThan(50);
    expect(roots.filter(({ subject, issuer }) => subject !== issuer)).toEqual([]);
    expect(roots.some(({ subject }) => subject.includes('ISRG Root X1'))).toBe(true);
  });

  it('vouch for a certificate of theirs', () => {
    const [one] = publicRoots().filter(({ subject }) => subject.includes('ISRG Root X1'));
    expect(one && findChain(one, [], publicRoots()).trust).toBe('Public');
  });
});
