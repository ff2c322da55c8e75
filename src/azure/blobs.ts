import { createHash } from 'node:crypto';
import type { BlockBlobClient, RestError } from '@azure/storage-blob';
import type { ArmCredential } from './credentials.ts';
import { ArmError, classify, errorFromNetwork, retryAfter } from './errors.ts';

/** What was read is not what was expected; nothing was stored. Both hashes are lower-case hexadecimal SHA-256. */
export class PackageHashMismatch extends Error {
  override readonly name = 'PackageHashMismatch';
  readonly expected: string;
  readonly actual: string;

  constructor(expected: string, actual: string) {
    super(`The package has the SHA-256 ${actual}, not ${expected}.`);
    this.expected = expected;
    this.actual = actual;
  }
}

export interface BlobTarget {
  /** `properties.primaryEndpoints.blob` of the storage account. */
  readonly blobEndpoint: string;
  readonly container: string;
  readonly blobName: string;
  readonly credential: ArmCredential;
}

export interface PackageUpload extends BlobTarget {
  /** Opens the content; called only when the blob is not there yet. */
  readonly open: () => Promise<AsyncIterable<Uint8Array>>;
  /** What the content must hash to, in hexadecimal. */
  readonly sha256: string;
  /** Called before each request that writes; throws when this process may not write (any more). */
  readonly fence?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface UploadedPackage {
  /** Address of the blob, without any signature. */
  readonly url: string;
  /** `false`: it was there already. */
  readonly uploaded: boolean;
}

/** Metadata of the blob that states the hash of its content. */
const HASH_METADATA = 'sha256';

/** How much is held in memory, in bytes. A blob has at most 50,000 blocks, so 8 MiB is enough for 390 GiB. */
const BLOCK_SIZE = 8 * 1024 ** 2;

/**
 * Stores a package as a block blob, once: a blob that states the same hash is left as it is. What is smaller than a block is
 * sent by one request, once its hash is known to be right. The rest is hashed while it passes through in blocks, and becomes
 * the blob only if the hash is right; until then nobody sees any of it, and Azure drops blocks that are not taken up within
 * a week.
 *
 * @throws PackageHashMismatch, ArmError, or whatever `source` throws
 */
export async function uploadPackage(upload: PackageUpload): Promise<UploadedPackage> {
  const { signal, fence } = upload;
  const sha256 = upload.sha256.toLowerCase();
  const blob = await blockBlob(upload);
  const url = blob.url;
  if ((await storedHash(blob, signal)) === sha256) {
    return { url, uploaded: false };
  }
  const properties = {
    metadata: { [HASH_METADATA]: sha256 },
    blobHTTPHeaders: { blobContentType: 'application/octet-stream' },
  };
  const hash = createHash('sha256');
  const blockIds: string[] = [];
  let rest: Uint8Array = new Uint8Array();
  const stage = async (block: Uint8Array) => {
    const blockId = Buffer.from(`block-${String(blockIds.length).padStart(6, '0')}`).toString('base64');
    blockIds.push(blockId);
    fence?.();
    await request(url, signal, (abort) => blob.stageBlock(blockId, block, block.byteLength, abort));
  };
  for await (const block of blocksOf(await upload.open(), BLOCK_SIZE)) {
    hash.update(block);
    // A short block is the last one.
    if (block.byteLength < BLOCK_SIZE) rest = block;
    else await stage(block);
  }
  const actual = hash.digest('hex');
  if (actual !== sha256) {
    throw new PackageHashMismatch(sha256, actual);
  }
  if (blockIds.length === 0) {
    fence?.();
    await request(url, signal, (abort) => blob.upload(rest, rest.byteLength, { ...properties, ...abort }));
    return { url, uploaded: true };
  }
  if (rest.byteLength > 0) await stage(rest);
  fence?.();
  await request(url, signal, (abort) => blob.commitBlockList(blockIds, { ...properties, ...abort }));
  return { url, uploaded: true };
}

/** The library is loaded at first use: a third of the operator's memory would otherwise be spent before any upload. */
async function blockBlob({ blobEndpoint, container, blobName, credential }: BlobTarget): Promise<BlockBlobClient> {
  const { BlobServiceClient } = await import('@azure/storage-blob');
  const service = new BlobServiceClient(blobEndpoint, credential.tokens, { retryOptions: { maxTries: 1 } });
  return service.getContainerClient(container).getBlockBlobClient(blobName);
}

async function storedHash(blob: BlockBlobClient, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    const properties = await request(blob.url, signal, (abort) => blob.getProperties(abort));
    return properties.metadata?.[HASH_METADATA];
  } catch (error) {
    if (error instanceof ArmError && error.status === 404 && error.code !== 'ContainerNotFound') {
      return undefined;
    }
    throw error;
  }
}

export interface BlobRead extends BlobTarget {
  /** Of a longer blob nothing is read. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a small blob as a whole; `undefined` where it does not exist or is too long.
 *
 * @throws ArmError
 */
export async function readBlob(read: BlobRead): Promise<Uint8Array | undefined> {
  const { signal, maxBytes } = read;
  const blob = await blockBlob(read);
  try {
    const { contentLength = 0 } = await request(blob.url, signal, (abort) => blob.getProperties(abort));
    return contentLength > maxBytes
      ? undefined
      : await request(blob.url, signal, (abort) => blob.downloadToBuffer(0, contentLength, abort));
  } catch (error) {
    if (error instanceof ArmError && error.status === 404) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Cuts a stream into blocks of `size` bytes; the last one may be shorter. Holds one block at a time, and of a short
 * stream no more than there is.
 */
export async function* blocksOf(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let filled = 0;
  for await (const chunk of source) {
    let rest = chunk;
    while (rest.byteLength > 0) {
      const taken = rest.subarray(0, size - filled);
      parts.push(taken);
      filled += taken.byteLength;
      rest = rest.subarray(taken.byteLength);
      if (filled === size) {
        yield Buffer.concat(parts, filled);
        parts = [];
        filled = 0;
      }
    }
  }
  if (filled > 0) {
    yield Buffer.concat(parts, filled);
  }
}

/** Enough for a block over a slow line (8 MiB at 600 kbit/s); without a limit, a dead connection would hang for ever. */
const REQUEST_TIMEOUT_MS = 120_000;

/** One request to the storage account; its failures become `ArmError`s. */
async function request<T>(
  url: string,
  signal: AbortSignal | undefined,
  send: (abort: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  try {
    return await send({ abortSignal: signal === undefined ? limit : AbortSignal.any([signal, limit]) });
  } catch (error) {
    if (limit.aborted && signal?.aborted !== true) {
      throw errorFromNetwork(new Error('no answer in time', { cause: error }), new URL(url).host);
    }
    throw storageError(error, new URL(url).host);
  }
}

/** The storage library holds its error codes elsewhere than Azure Resource Manager does. */
function storageError(error: unknown, host: string): unknown {
  if (!(error instanceof Error) || error.name !== 'RestError') {
    return error;
  }
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 0;
  if (status === 0) {
    return errorFromNetwork(error, host, { isNewHost: true });
  }
  const code = codeOf(error) ?? `Http${status}`;
  const message = error.message.split('\n')[0]?.trim() || `${host} answered with HTTP status ${status}.`;
  const retryAfterMs = retryAfter((name) => headerOf(error, name), Date.now());
  const errorClass = classify({ status, code, message, retryAfterMs });
  return new ArmError({ status, code, message, class: errorClass, retryAfterMs, answeredByAzure: true });
}

function headerOf(error: Error, name: string): string | undefined {
  const headers = (error as RestError).response?.headers;
  return headers?.get(name);
}

/** The service names its error in a header too, which is all there is to the answer of a HEAD request. */
function codeOf(error: Error): string | undefined {
  if ('code' in error && typeof error.code === 'string') {
    return error.code;
  }
  const details = 'details' in error ? error.details : undefined;
  const code =
    typeof details === 'object' && details !== null && 'errorCode' in details ? details.errorCode : undefined;
  return typeof code === 'string' ? code : undefined;
}
