import { createHash } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Azurite, startAzurite } from '../../test/azurite.ts';
import { createCertificateAuthority } from '../../test/certificate-authority.ts';
import { blocksOf, type PackageUpload, readBlob, uploadPackage } from './blobs.ts';

const MIB = 1024 ** 2;

async function* chunks(
  sizes: readonly number[],
  fill: (index: number) => number = (index) => index,
): AsyncGenerator<Uint8Array> {
  for (const [index, size] of sizes.entries()) {
    yield new Uint8Array(size).fill(fill(index));
  }
}

async function sha256(source: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of source) {
    hash.update(chunk);
  }
  return hash.digest('hex');
}

describe('blocksOf', () => {
  it('cuts any stream into full blocks and a rest, without changing it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 20 })), fc.integer({ min: 1, max: 9 }), async (sizes, size) => {
        const blocks: Uint8Array[] = [];
        for await (const block of blocksOf(chunks(sizes), size)) {
          blocks.push(block);
        }
        expect(blocks.slice(0, -1).every((block) => block.byteLength === size)).toBe(true);
        expect(blocks.every((block) => block.byteLength > 0)).toBe(true);
        const whole = Buffer.concat(sizes.map((length, index) => new Uint8Array(length).fill(index)));
        expect(Buffer.concat(blocks).equals(whole)).toBe(true);
      }),
    );
  });
});

describe('uploadPackage, to Azurite', () => {
  let azurite: Azurite;
  beforeAll(async () => {
    const authority = await createCertificateAuthority('Azurite');
    const certificate = await authority.issue({ commonName: 'localhost', names: ['localhost'], key: 'ECDSA' });
    setDefaultCACertificates([...getCACertificates('default'), authority.rootPem]);
    azurite = await startAzurite({
      certificatePem: certificate.chainPem,
      privateKeyPem: certificate.privateKeyPem,
      accounts: ['contoso'],
    });
    const { BlobServiceClient } = await import('@azure/storage-blob');
    await new BlobServiceClient(azurite.blobEndpoint('contoso'), credential.tokens).createContainer('packages');
  }, 90_000);
  afterAll(() => azurite?.[Symbol.asyncDispose]());

  const credential = {
    principal: 'tenant/client',
    tokens: {
      getToken: async () => {
        const now = Math.floor(Date.now() / 1000);
        const claims = {
          aud: 'https://storage.azure.com',
          iss: 'https://sts.windows.net/tenant/',
          iat: now,
          nbf: now - 60,
          exp: now + 3600,
        };
        const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
        return {
          token: `${part({ alg: 'none' })}.${part(claims)}.c2lnbmF0dXJl`,
          expiresOnTimestamp: (now + 3600) * 1000,
        };
      },
    },
  };

  let opened = 0;
  function upload(blobName: string, sizes: readonly number[], hash: string, more: Partial<PackageUpload> = {}) {
    return uploadPackage({
      blobEndpoint: azurite.blobEndpoint('contoso'),
      container: 'packages',
      blobName,
      credential,
      sha256: hash,
      open: async () => {
        opened += 1;
        return chunks(sizes);
      },
      ...more,
    });
  }

  async function download(blobName: string): Promise<string | undefined> {
    const { BlobServiceClient } = await import('@azure/storage-blob');
    const service = new BlobServiceClient(azurite.blobEndpoint('contoso'), credential.tokens);
    const blob = service.getContainerClient('packages').getBlobClient(blobName);
    return (await blob.exists())
      ? createHash('sha256')
          .update(await blob.downloadToBuffer())
          .digest('hex')
      : undefined;
  }

  it('gives a small blob back, and none that is longer than asked for, or that nobody stored', async () => {
    const hash = await sha256(chunks([100, 23]));
    await upload('small', [100, 23], hash);
    const read = (blobName: string, maxBytes: number) =>
      readBlob({
        blobEndpoint: azurite.blobEndpoint('contoso'),
        container: 'packages',
        blobName,
        credential,
        maxBytes,
      });
    const content = await read('small', 123);
    expect(
      createHash('sha256')
        .update(content ?? '')
        .digest('hex'),
    ).toBe(hash);
    expect(await read('small', 122)).toBeUndefined();
    expect(await read('missing', 123)).toBeUndefined();
  });

  it('stores what it reads, over several blocks, and only once', async () => {
    const sizes = [5 * MIB, 5 * MIB, 7 * MIB + 3];
    const hash = await sha256(chunks(sizes));
    const url = `${azurite.blobEndpoint('contoso')}packages/large.zip`;
    opened = 0;
    expect(await upload('large.zip', sizes, hash.toUpperCase())).toEqual({ url, uploaded: true });
    expect(await download('large.zip')).toBe(hash);
    expect(await upload('large.zip', sizes, hash)).toEqual({ url, uploaded: false });
    expect(opened).toBe(1);
  });

  it('stores nothing when the hash is wrong, and keeps what was there', async () => {
    const hash = await sha256(chunks([10]));
    const expected = 'a'.repeat(64);
    await expect(upload('wrong.zip', [10], expected)).rejects.toMatchObject({
      name: 'PackageHashMismatch',
      expected,
      actual: hash,
    });
    expect(await download('wrong.zip')).toBeUndefined();
    await upload('wrong.zip', [10], hash);
    await expect(upload('wrong.zip', [11], expected)).rejects.toMatchObject({ name: 'PackageHashMismatch' });
    expect(await download('wrong.zip')).toBe(hash);
  });

  it('replaces another package of the same name', async () => {
    await upload('new.zip', [1], await sha256(chunks([1])));
    const hash = await sha256(chunks([2]));
    expect(await upload('new.zip', [2], hash)).toMatchObject({ uploaded: true });
    expect(await download('new.zip')).toBe(hash);
  });

  it('an empty package is one too', async () => {
    const hash = await sha256(chunks([]));
    expect(await upload('empty.zip', [], hash)).toMatchObject({ uploaded: true });
    expect(await download('empty.zip')).toBe(hash);
  });

  it('writes nothing when fenced', async () => {
    const fence = () => {
      throw new Error('not the leader');
    };
    await expect(upload('fenced.zip', [10], await sha256(chunks([10])), { fence })).rejects.toThrow('not the leader');
    expect(await download('fenced.zip')).toBeUndefined();
  });

  it('passes on what the source reports', async () => {
    const open = async () => {
      throw new Error('unplugged');
    };
    await expect(upload('source.zip', [10], 'a'.repeat(64), { open })).rejects.toThrow('unplugged');
  });

  it('a container that is not there yet is a matter of time', async () => {
    await expect(upload('x.zip', [1], 'a'.repeat(64), { container: 'missing' })).rejects.toMatchObject({
      name: 'ArmError',
      code: 'ContainerNotFound',
      class: 'Propagation',
    });
  });

  it('a storage account that is not to be reached is a failure of the network', async () => {
    const blobEndpoint = 'https://nowhere.invalid/';
    await expect(upload('x.zip', [1], 'a'.repeat(64), { blobEndpoint })).rejects.toMatchObject({
      name: 'ArmError',
      status: 0,
    });
  });

  it('never reads further ahead than one block, however large the package', async () => {
    const sizes = Array.from({ length: 40 }, () => MIB);
    const ahead: number[] = [];
    let read = 0;
    let sent = 0;
    const open = async () =>
      (async function* watched() {
        for await (const chunk of chunks(sizes)) {
          read += chunk.byteLength;
          ahead.push(read - sent);
          yield chunk;
        }
      })();
    const fence = () => {
      sent = read;
    };
    await upload('memory.zip', sizes, await sha256(chunks(sizes)), { open, fence });
    expect(Math.max(...ahead)).toBe(8 * MIB);
  });
});
