import type { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { issue, type Party, party } from './certificates.test-world.ts';
import { judgePresentedCertificate, judgeServerCertificate } from './judge.ts';
import type { ServerCertificate } from './server-certificate.ts';

const SERVICE_NAME = 'granitefalls.contoso.com';
const NOW = Date.UTC(2026, 10, 24);
const DAY_MS = 86_400_000;

let authority: Party;
let leaf: X509Certificate;
let sound: ServerCertificate;

beforeAll(async () => {
  authority = await party('Issuing');
  const server = await party(SERVICE_NAME);
  leaf = await issue({ to: server, by: authority, leaf: {} });
  sound = {
    commonName: SERVICE_NAME,
    organization: 'Contoso',
    dnsNames: [SERVICE_NAME],
    notBefore: NOW - DAY_MS,
    notAfter: NOW + 90 * DAY_MS,
    keyType: 'rsa',
    keyBits: 2048,
    forServers: true,
    sha256Fingerprint: 'a'.repeat(64),
    chainSha256: 'b'.repeat(64),
    trust: 'Private',
    chain: [leaf, await issuer(NOW - DAY_MS, NOW + 900 * DAY_MS)],
    missingIssuer: undefined,
  };
});

function issuer(notBefore: number, notAfter: number): Promise<X509Certificate> {
  return issue({ to: authority, notBefore: new Date(notBefore), notAfter: new Date(notAfter) });
}

function judge(change: Partial<ServerCertificate>, serviceName = SERVICE_NAME) {
  return judgeServerCertificate({ ...sound, ...change }, serviceName, NOW);
}

const PASSES = { problems: [], warnings: [] };

describe('a certificate passes', () => {
  it('as a gateway needs it', () => {
    expect(judge({})).toEqual(PASSES);
  });

  it('with 4096 bits, a public root, or no alternative names', () => {
    expect(judge({ keyBits: 4096, trust: 'Public', dnsNames: [] })).toEqual(PASSES);
  });

  it('when its common name and service name have the same capitals', () => {
    expect(judge({ commonName: 'GraniteFalls.Contoso.com' }, 'GraniteFalls.Contoso.com')).toEqual(PASSES);
  });

  it('as a wildcard, with the name that stands in for the asterisk', () => {
    const wildcard = { commonName: '*.contoso.com', dnsNames: ['contoso.com', '*.contoso.com'] };
    expect(judge(wildcard, 'contoso-cmg.contoso.com')).toEqual(PASSES);
  });

  it('when one of its alternative names covers the service name, as clients compare: without regard to capitals', () => {
    expect(judge({ dnsNames: ['www.contoso.com', 'GRANITEFALLS.CONTOSO.COM'] })).toEqual(PASSES);
    expect(judge({ dnsNames: ['*.Contoso.com'] })).toEqual(PASSES);
  });

  it('at the first and the last moment of its validity', () => {
    expect(judge({ notBefore: NOW }).problems).toEqual([]);
    expect(judge({ notAfter: NOW + 1 }).problems).toEqual([]);
  });
});

/** Each certificate has one problem; `says` is what its message must hold. */
const PROBLEMS: readonly {
  readonly what: string;
  readonly change: () => Partial<ServerCertificate>;
  readonly serviceName?: string;
  readonly reason: string;
  readonly says: readonly string[];
}[] = [
  {
    what: 'it has expired',
    change: () => ({ notAfter: NOW }),
    reason: 'CertificateExpired',
    says: ['expired on 2026-11-24', 'Renew it in the Secret, with the same common name.'],
  },
  {
    what: 'it is not valid yet',
    change: () => ({ notBefore: NOW + 1 }),
    reason: 'CertificateNotYetValid',
    says: ['not valid before 2026-11-24T00:00:00.001Z'],
  },
  ...[1024, 3072, 8192].map((keyBits) => ({
    what: `its key has ${keyBits} bits`,
    change: () => ({ keyBits }),
    reason: 'UnsupportedKey',
    says: [`RSA with ${keyBits} bits`, '2048 or 4096'],
  })),
  {
    what: 'its key is elliptic',
    change: () => ({ keyType: 'ec', keyBits: undefined }),
    reason: 'UnsupportedKey',
    says: ['is ec;'],
  },
  ...[undefined, ''].map((commonName) => ({
    what: `its common name is ${JSON.stringify(commonName)}`,
    change: () => ({ commonName }),
    reason: 'CommonNameMissing',
    says: ['has no common name', `CN=${SERVICE_NAME}`],
  })),
  {
    what: 'it is for another name',
    change: () => ({ commonName: 'www.contoso.com' }),
    reason: 'NameMismatch',
    says: ['is for www.contoso.com, not for granitefalls.contoso.com', 'Set spec.serviceName to the name in the'],
  },
  {
    what: 'its common name has other capitals',
    change: () => ({ commonName: 'GraniteFalls.contoso.com' }),
    reason: 'NameMismatch',
    says: ['differ in upper and lower case only, which counts'],
  },
  {
    what: 'its wildcard has other capitals',
    change: () => ({ commonName: '*.Contoso.com' }),
    reason: 'NameMismatch',
    says: ['differ in upper and lower case only, which counts'],
  },
  ...['*.com', '*.granitefalls.contoso.com', '*.', '*', 'granite*.contoso.com', 'contoso.com'].map((commonName) => ({
    what: `its common name is ${commonName}`,
    change: () => ({ commonName }),
    reason: 'NameMismatch',
    says: [`is for ${commonName}, not for`],
  })),
  {
    what: 'its wildcard covers two labels',
    change: () => ({ commonName: '*.contoso.com', dnsNames: [] }),
    serviceName: 'granitefalls.eu.contoso.com',
    reason: 'NameMismatch',
    says: ['An asterisk stands for exactly one label'],
  },
  {
    what: 'its alternative names leave the service name out',
    change: () => ({ dnsNames: ['www.contoso.com', '*.granitefalls.contoso.com'] }),
    reason: 'NameMismatch',
    says: ['subject alternative names', 'do not cover granitefalls.contoso.com'],
  },
  {
    what: 'it may not be used by servers',
    change: () => ({ forServers: false }),
    reason: 'NotForServers',
    says: ['does not allow server authentication'],
  },
  {
    what: 'an issuer is missing',
    change: () => ({ missingIssuer: 'CN=Contoso Issuing CA' }),
    reason: 'IncompleteChain',
    says: ['"CN=Contoso Issuing CA"', 'tls.crt or ca.crt, or in the PFX file'],
  },
];

describe('a certificate does not pass', () => {
  it.each(PROBLEMS)('when $what', ({ change, serviceName, reason, says }) => {
    const { problems, warnings } = judge(change(), serviceName);
    expect(problems.map((problem) => problem.reason)).toEqual([reason]);
    for (const words of says) {
      expect(problems[0]?.message).toContain(words);
    }
    expect(warnings).toEqual([]);
  });

  it('when one that issued it has expired or is not valid yet', async () => {
    const expired = judge({ chain: [leaf, await issuer(NOW - 9 * DAY_MS, NOW - DAY_MS)] });
    expect(expired.problems).toEqual([
      {
        reason: 'CertificateExpired',
        message:
          'The issuing certificate "CN=Issuing" expired on 2026-11-23. Replace it in the Secret by its successor, or renew the server certificate.',
      },
    ]);
    const early = judge({ chain: [leaf, await issuer(NOW + DAY_MS, NOW + 9 * DAY_MS)] });
    expect(early.problems).toMatchObject([{ reason: 'CertificateNotYetValid' }]);
  });

  it('and all of its problems are told at once', () => {
    const { problems } = judge({ notAfter: NOW - 1, keyBits: 1024, commonName: undefined, missingIssuer: 'CN=X' });
    expect(problems.map(({ reason }) => reason)).toEqual([
      'CertificateExpired',
      'UnsupportedKey',
      'CommonNameMissing',
      'IncompleteChain',
    ]);
  });
});

describe('a warning', () => {
  it('tells of the end of the certificate 30 days before', () => {
    expect(judge({ notAfter: NOW + 30 * DAY_MS })).toEqual(PASSES);
    expect(judge({ notAfter: NOW + 30 * DAY_MS - 1 })).toEqual({
      problems: [],
      warnings: [
        {
          reason: 'CertificateExpiring',
          message: 'The server certificate expires on 2026-12-23. Renew it in the Secret, with the same common name.',
        },
      ],
    });
  });

  it('tells of the end of an issuer too', async () => {
    const { warnings } = judge({ chain: [leaf, await issuer(NOW - DAY_MS, NOW + 7 * DAY_MS)] });
    expect(warnings).toMatchObject([
      { reason: 'CertificateExpiring', message: expect.stringContaining('"CN=Issuing" expires on 2026-12-01') },
    ]);
  });
});

describe('a certificate that a gateway presents', () => {
  const presented = (change: Partial<ServerCertificate>) => {
    const { problems, warnings } = judgePresentedCertificate({ ...sound, ...change }, SERVICE_NAME, NOW);
    return [...problems, ...warnings].map(({ reason }) => reason);
  };

  it.each<readonly [what: string, change: Partial<ServerCertificate>, reasons: readonly string[]]>([
    ['passes without its root, and with whatever key works', { missingIssuer: 'CN=Root', keyBits: 3072 }, []],
    ['passes with a wildcard, in whatever case', { dnsNames: ['*.CONTOSO.com'] }, []],
    ['passes by its common name where it has no other', { dnsNames: [] }, []],
    ['is announced as expiring', { notAfter: NOW + 29 * DAY_MS }, ['CertificateExpiring']],
    ['has expired', { notAfter: NOW }, ['CertificateExpired']],
    ['is not valid yet', { notBefore: NOW + 1 }, ['CertificateNotYetValid']],
    ['is for another name', { dnsNames: ['other.contoso.com'] }, ['NameMismatch']],
    ['is for no name', { dnsNames: [], commonName: undefined }, ['NameMismatch']],
  ])('%s', (_what, change, reasons) => {
    expect(presented(change)).toEqual(reasons);
  });
});
