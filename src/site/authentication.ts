import type { Clock } from '../runtime/clock.ts';

/** What a request is authorized for. */
export interface AuthorizedRequest {
  /** `https://<FQDN>`, as Kerberos needs it for the service principal name. */
  readonly origin: string;
  readonly signal: AbortSignal;
}

/** A way to prove to a site who we are. Rejections are reported as `Unauthorized`, with their message. */
export interface SiteAuthentication {
  /** The route of the AdminService that takes this way. */
  readonly route: 'AdminService' | 'AdminService_TokenAuth';
  /** The value of the `Authorization` header for a request. */
  authorization(request: AuthorizedRequest): Promise<string>;
  /**
   * What to send in another try after a 401; `undefined`: there is no use in one. Rejects when it knows why the site refuses.
   *
   * @param challenges values of `WWW-Authenticate`, such as `Negotiate oYG2…`
   */
  answerChallenge(challenges: readonly string[], request: AuthorizedRequest): Promise<string | undefined>;
  /** Checks what a successful answer says of the server, for mutual authentication. Rejects when it is another one. */
  verify?(challenges: readonly string[], request: AuthorizedRequest): Promise<void>;
}

/** How long a token is used before it is read again. */
const TOKEN_KEPT_MS = 60_000;

/**
 * A bearer token that may be replaced at any time: read again each minute, and at once when the site refuses it.
 *
 * *Seen in public code*: tokens of Entra ID on the route `AdminService_TokenAuth`.
 *
 * @param readToken reads it where it is kept, such as in a Secret
 */
export function bearerAuthentication(
  readToken: (signal: AbortSignal) => Promise<string>,
  clock: Clock,
): SiteAuthentication {
  let held: { readonly token: string; readonly readAt: number } | undefined;
  const read = async (signal: AbortSignal): Promise<string> => {
    const token = (await readToken(signal)).trim();
    if (token === '') throw new Error('The bearer token is empty.');
    // A line break in it would be a header of its own.
    if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('The bearer token holds characters that no token has.');
    held = { token, readAt: clock.monotonic() };
    return token;
  };
  return {
    route: 'AdminService_TokenAuth',
    authorization: async ({ signal }) => {
      const isFresh = held !== undefined && clock.monotonic() - held.readAt < TOKEN_KEPT_MS;
      return `Bearer ${isFresh && held !== undefined ? held.token : await read(signal)}`;
    },
    answerChallenge: async (_challenges, { signal }) => {
      const refused = held?.token;
      const token = await read(signal);
      return token === refused ? undefined : `Bearer ${token}`;
    },
  };
}
