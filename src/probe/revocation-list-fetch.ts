/** What came of fetching a revocation list. Messages are phrases that fit after a colon. */
export type ListFetchResult =
  | { readonly kind: 'Fetched'; readonly content: Uint8Array }
  /** The server says that there is none. */
  | { readonly kind: 'Missing'; readonly message: string }
  /** It could not be had from here, which says nothing of others. */
  | { readonly kind: 'Failed'; readonly message: string };

/** Fetches a list by http. Follows no redirection. Rejects only when `signal` is aborted. */
export type ListFetch = (address: string, signal: AbortSignal) => Promise<ListFetchResult>;

/** Milliseconds for the whole answer. Windows gives up after 15 seconds. */
const TIMEOUT_MS = 10_000;

/**
 * Room for three thousand revoked certificates. What is fetched are lists of those that issue to authorities, which revoke few;
 * reading a longer one would hold everything else up.
 */
const MOST_BYTES = 128 * 1024;

/** Creates a fetch that takes no longer and no more than it is told. */
export function createListFetch({ timeoutMs = TIMEOUT_MS, mostBytes = MOST_BYTES } = {}): ListFetch {
  return async (address, signal) => {
    signal.throwIfAborted();
    try {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      return await read(await fetch(address, { redirect: 'manual', signal: limited }), mostBytes);
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'Failed', message: phraseOf(error) };
    }
  };
}

async function read(response: Response, mostBytes: number): Promise<ListFetchResult> {
  const { body, ok, status } = response;
  if (!ok || body === null) {
    await body?.cancel();
    const message = `the server answers with the status ${status}`;
    return { kind: status === 404 || status === 410 ? 'Missing' : 'Failed', message };
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > mostBytes) {
      return { kind: 'Failed', message: `it has more than ${mostBytes} bytes, which the operator does not read` };
    }
    chunks.push(chunk);
  }
  return { kind: 'Fetched', content: Buffer.concat(chunks) };
}

const PHRASES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'the name of its server is not known',
  EAI_AGAIN: 'the name of its server is not known',
  TimeoutError: 'no answer in time',
};

function phraseOf(error: unknown): string {
  const { name, cause } = error as Error & { readonly cause?: { readonly code?: string } };
  return PHRASES[cause?.code ?? name] ?? 'no connection comes about';
}
