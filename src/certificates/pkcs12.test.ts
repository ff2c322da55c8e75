import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import * as fc from 'fast-check';
import forge from 'node-forge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issue, type Keys, type Party, party, privateKeyPem, rsaKeys } from './certificates.test-world.ts';
import { writePkcs12 } from './pkcs12.ts';
import { Pkcs12Error, readPkcs12 } from './pkcs12-reader.ts';

const directory = mkdtempSync(join(tmpdir(), 'pkcs12-'));
afterAll(() => rmSync(directory, { recursive: true }));

let keys: Keys;
let privateKey: KeyObject;
let authority: Party;
let root: X509Certificate;
let leaf: X509Certificate;

beforeAll(async () => {
  keys = await rsaKeys();
  privateKey = createPrivateKey(await privateKeyPem(keys));
  authority = await party('Root');
  root = await issue({ to: authority });
  leaf = await issue({ to: { name: 'CN=granitefalls.contoso.com', keys }, by: authority, leaf: {} });
  writeFileSync(join(directory, 'key.pem'), await privateKeyPem(keys));
  writeFileSync(join(directory, 'leaf.pem'), leaf.toString());
  writeFileSync(join(directory, 'root.pem'), root.toString());
});

function faultOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return error instanceof Pkcs12Error ? error.fault : expect.fail(`${error}`);
  }
}

describe('a written file', () => {
  it('gives back what was written, byte for byte', async () => {
    const { certificates, privateKey: key } = readPkcs12(await writePkcs12([leaf, root], privateKey), '');
    expect(certificates.map(({ raw }) => raw)).toEqual([leaf.raw, root.raw]);
    expect(key?.equals(privateKey)).toBe(true);
  });

  it('ties the key to its certificate, and to no other', async () => {
    const asn1 = forge.asn1.fromDer((await writePkcs12([leaf, root], privateKey)).toString('binary'));
    const localKeyId = createHash('sha1').update(leaf.raw).digest('hex');
    const types = forge.pkcs12
      .pkcs12FromAsn1(asn1, '')
      .getBags({ localKeyIdHex: localKeyId })
      .localKeyId?.map(({ type }) => type);
    expect(types).toEqual([forge.pki.oids.pkcs8ShroudedKeyBag, forge.pki.oids.certBag]);
  });

  it('serves TLS', async () => {
    const pfx = await writePkcs12([leaf, root], privateKey);
    expect(() => createSecureContext({ pfx, passphrase: '' })).not.toThrow();
  });

  it('is DER, without a text in pieces', async () => {
    const inPieces = (node: forge.asn1.Asn1): boolean =>
      Array.isArray(node.value)
        ? (node.type === forge.asn1.Type.OCTETSTRING && node.constructed) || node.value.some(inPieces)
        : node.type === forge.asn1.Type.OCTETSTRING && opens(node.value);
    const opens = (value: string): boolean => {
      try {
        return inPieces(forge.asn1.fromDer(value));
      } catch {
        return false;
      }
    };
    const file = await writePkcs12([leaf, root], privateKey);
    expect(inPieces(forge.asn1.fromDer(file.toString('binary')))).toBe(false);
  });
});

/** A file as node-forge writes it, with a certificate that is its own issuer, as the library knows only RSA. */
function exportWithForge(
  password: string | undefined,
  options: { algorithm: '3des' | 'aes256'; count?: number },
): Buffer {
  const key = forge.pki.privateKeyFromPem(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  certificate.setSubject([{ name: 'commonName', value: 'granitefalls.contoso.com' }]);
  certificate.setIssuer(certificate.subject.attributes);
  certificate.sign(key, forge.md.sha256.create());
  const asn1 = forge.pkcs12.toPkcs12Asn1(key, certificate, password ?? (null as unknown as string), options);
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
}

describe('reading', () => {
  it.each(['3des', 'aes256'] as const)('opens %s, and tells a wrong password', (algorithm) => {
    const file = exportWithForge('Correct Horse', { algorithm });
    const { certificates, privateKey: key } = readPkcs12(file, 'Correct Horse');
    expect(key?.equals(privateKey)).toBe(true);
    expect(certificates.map(({ subject }) => subject)).toEqual(['CN=granitefalls.contoso.com']);
    for (const wrong of ['correct horse', '', 'Käse']) {
      expect(faultOf(() => readPkcs12(file, wrong))).toBe('WrongPassword');
    }
  });

  it.each(['3des', 'aes256'] as const)('opens %s where the empty password is no password at all', (algorithm) => {
    expect(readPkcs12(exportWithForge(undefined, { algorithm }), '').privateKey?.equals(privateKey)).toBe(true);
  });

  it('refuses a file that would keep everything waiting', () => {
    const file = exportWithForge('word', { algorithm: '3des', count: 1 });
    expect(faultOf(() => readPkcs12(file, 'word'))).toBeUndefined();
    // The rounds of the MAC are the last number in the file. Their length is changed with those of what is around them.
    const asn1 = forge.asn1.fromDer(file.toString('binary'));
    const mac = Array.isArray(asn1.value) ? asn1.value[2] : undefined;
    const rounds = Array.isArray(mac?.value) ? mac.value[2] : undefined;
    if (rounds === undefined) {
      expect.fail('There is no MAC.');
    }
    rounds.value = forge.util.hexToBytes('0186a1');
    const greedy = Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
    expect(faultOf(() => readPkcs12(greedy, 'word'))).toBe('TooSlow');
  });

  it('tells of any damage, and throws nothing else', async () => {
    const file = await writePkcs12([leaf], privateKey);
    const damage = fc.tuple(fc.nat({ max: file.length - 1 }), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(damage, ([position, change]) => {
        const damaged = Buffer.from(file);
        damaged[position] = (damaged[position] ?? 0) ^ change;
        expect([undefined, 'WrongPassword', 'Malformed', 'TooSlow']).toContain(faultOf(() => readPkcs12(damaged, '')));
      }),
      { numRuns: 300 },
    );
  });
});

const openssl = spawnSync('openssl', ['version']);
const hasLegacyCiphers = spawnSync('openssl', ['list', '-providers', '-provider', 'legacy']).status === 0;

/** How each program exports, as options of OpenSSL. */
const EXPORTS: readonly { readonly program: string; readonly options: readonly string[]; readonly legacy?: true }[] = [
  { program: 'Windows before 2016: RC2 and 3DES', options: ['-legacy', '-macalg', 'sha1'], legacy: true },
  {
    program: 'Windows with TripleDES-SHA1',
    options: ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
  },
  { program: 'Windows with AES256-SHA256, and OpenSSL 3', options: ['-iter', '2000'] },
  { program: 'a tool that encrypts nothing', options: ['-certpbe', 'NONE', '-keypbe', 'NONE'] },
  { program: 'a tool that adds no MAC', options: ['-nomac'] },
  { program: 'a tool that adds no MAC and encrypts only the key', options: ['-nomac', '-certpbe', 'NONE'] },
];

describe.runIf(openssl.status === 0)('a file as OpenSSL writes it', () => {
  function exportFile(password: string, options: readonly string[]): Buffer {
    const inputs = ['-inkey', 'key.pem', '-in', 'leaf.pem', '-certfile', 'root.pem', '-name', 'gateway'];
    const out = join(directory, 'out.pfx');
    const args = ['pkcs12', '-export', ...inputs, '-passout', `pass:${password}`, '-out', out, ...options];
    execFileSync('openssl', args, { cwd: directory });
    return readFileSync(out);
  }

  const cases = EXPORTS.filter(({ legacy }) => legacy === undefined || hasLegacyCiphers).flatMap((kind) =>
    ['Correct Horse', 'Grüße für 5 €', ''].map((password) => ({ ...kind, password })),
  );

  it.each(cases)('for $program opens with "$password"', ({ options, password }) => {
    const { certificates, privateKey: key } = readPkcs12(exportFile(password, options), password);
    expect(certificates.map(({ raw }) => raw)).toEqual([leaf.raw, root.raw]);
    expect(key?.equals(privateKey)).toBe(true);
  });

  it('does not open with another password', () => {
    const faults = cases.map(({ options, password }) =>
      faultOf(() => readPkcs12(exportFile(password, options), 'wrong')),
    );
    expect(new Set(faults)).toEqual(new Set(['WrongPassword']));
  });

  it('does not open with any of many other passwords, one of which passes the padding of the cipher', () => {
    const file = exportFile('Correct Horse', ['-nomac', '-iter', '1']);
    const faults = Array.from({ length: 1000 }, (_, index) => faultOf(() => readPkcs12(file, `wrong ${index}`)));
    expect(new Set(faults)).toEqual(new Set(['WrongPassword']));
  });

  it('may hold an elliptic key', async () => {
    const server = await party('granitefalls.contoso.com');
    const certificate = await issue({ to: server, by: authority, leaf: {} });
    writeFileSync(join(directory, 'ec.pem'), `${await privateKeyPem(server.keys)}\n${certificate}`);
    const out = join(directory, 'ec.pfx');
    execFileSync('openssl', [
      'pkcs12',
      '-export',
      '-in',
      join(directory, 'ec.pem'),
      '-passout',
      'pass:word',
      '-out',
      out,
    ]);
    const content = readPkcs12(readFileSync(out), 'word');
    expect(content.privateKey?.asymmetricKeyType).toBe('ec');
    expect(content.certificates.map(({ raw }) => raw)).toEqual([certificate.raw]);
  });

  it('is read by OpenSSL when we wrote it', async () => {
    const file = join(directory, 'ours.pfx');
    writeFileSync(file, await writePkcs12([leaf, root], privateKey));
    const text = execFileSync('openssl', ['pkcs12', '-in', file, '-passin', 'pass:', '-nodes']).toString();
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(text.match(/localKeyID/g)).toHaveLength(2);
    expect(text).toContain('BEGIN PRIVATE KEY');
  });
});
