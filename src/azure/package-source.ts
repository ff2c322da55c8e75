import { networkCode, redact } from './errors.ts';

/** How a server that does not give the package to everybody is convinced. */
export type PackageCredentials =
  | { readonly type: 'Bearer'; readonly token: string }
  | { readonly type: 'Basic'; readonly username: string; readonly password: string };

/** The package cannot be read. Names its address without the query, which may grant access. */
export class PackageUnavailable extends Error {
  override readonly name = 'PackageUnavailable';
  readonly url: string;
  readonly reason: string;

  constructor(url: string, reason: string) {
    const shown = withoutQuery(url);
    super(`The package at ${shown} cannot be read: ${redact(reason)}.`);
    this.url = shown;
    this.reason = redact(reason);
  }
}

/** A package that is being read. */
export interface OpenPackage {
  /** To be read once. Rejects with `PackageUnavailable` when the connection is lost or too much comes. */
  readonly content: AsyncIterable<Uint8Array>;
  /** Bytes, if the server says. */
  readonly length: number | undefined;
}

export interface OpenPackageOptions {
  readonly url: string;
  readonly credentials?: PackageCredentials | undefined;
  readonly signal?: AbortSignal | undefined;
  /** In bytes; default 2 GiB. */
  readonly largest?: number;
}

const LARGEST_PACKAGE = 2 * 1024 ** 3;
const MOST_REDIRECTS = 5;

/**
 * Opens a package over https. Follows up to five redirects, all of them https; credentials go to the first host only.
 *
 * @throws PackageUnavailable
 */
export async function openPackage(options: OpenPackageOptions): Promise<OpenPackage> {
  const first = parseAddress(options.url, options.url);
  let address = first;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const response = await request(address, address.origin === first.origin ? options.credentials : undefined, options);
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      address = parseAddress(location, options.url, address);
      continue;
    }
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new PackageUnavailable(
        options.url,
        `${address.host} answered ${response.status} ${response.statusText}`.trim(),
      );
    }
    return opened(response, response.body, options);
  }
  throw new PackageUnavailable(options.url, `more than ${MOST_REDIRECTS} redirects`);
}

async function opened(
  response: Response,
  body: ReadableStream<Uint8Array>,
  { url, signal, largest = LARGEST_PACKAGE }: OpenPackageOptions,
): Promise<OpenPackage> {
  const header = response.headers.get('content-length');
  // With a content encoding, the length is that of the encoded body.
  const length = header === null || response.headers.has('content-encoding') ? undefined : Number(header);
  if (length !== undefined && length > largest) {
    await body.cancel();
    throw new PackageUnavailable(url, `it is larger than ${largest} bytes`);
  }
  return { content: read(body, url, largest, signal), length };
}

async function* read(
  body: ReadableStream<Uint8Array>,
  url: string,
  largest: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > largest) {
        throw new PackageUnavailable(url, `it is larger than ${largest} bytes`);
      }
      yield chunk;
    }
  } catch (error) {
    throw signal?.aborted || error instanceof PackageUnavailable ? error : new PackageUnavailable(url, reasonOf(error));
  }
}

async function request(
  address: URL,
  credentials: PackageCredentials | undefined,
  { url, signal }: OpenPackageOptions,
): Promise<Response> {
  try {
    return await fetch(address, {
      redirect: 'manual',
      headers: {
        Accept: 'application/octet-stream, */*;q=0.5',
        ...(credentials === undefined ? {} : { Authorization: authorization(credentials) }),
      },
      signal: signal ?? null,
    });
  } catch (error) {
    throw signal?.aborted ? error : new PackageUnavailable(url, reasonOf(error));
  }
}

function authorization(credentials: PackageCredentials): string {
  switch (credentials.type) {
    case 'Bearer':
      return `Bearer ${credentials.token}`;
    case 'Basic':
      return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  }
}

function parseAddress(text: string, url: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) {
    throw new PackageUnavailable(url, 'its address, or one that it redirects to, is no URL');
  }
  const address = new URL(text, base?.href);
  if (address.protocol !== 'https:') {
    throw new PackageUnavailable(url, `${address.protocol.slice(0, -1)} is not allowed, only https`);
  }
  return address;
}

/** `fetch` reports `fetch failed`; what failed is in the cause, which may have a code in place of a message. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) {
    return String(cause);
  }
  return cause.message || networkCode(cause);
}

function withoutQuery(url: string): string {
  if (!URL.canParse(url)) {
    return 'an unreadable address';
  }
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
