import { timingSafeEqual } from 'node:crypto';
import type { SiteReply } from './exchange.ts';

/** What an account may do on the site. */
export type Rights = 'Full' | 'ReadOnly' | 'None';

/** What an acceptor of SPNEGO tokens makes of one. */
export type Acceptance =
  | { readonly kind: 'Accepted'; readonly principal: string; readonly reply?: Buffer }
  | { readonly kind: 'Continue'; readonly reply: Buffer }
  | { readonly kind: 'Refused' };

/** Accepts the tokens of one connection. */
export type Negotiator = (token: Buffer) => Promise<Acceptance>;

export type Caller =
  | { readonly kind: 'Known'; readonly name: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'Refused'; readonly reply: SiteReply };

export interface Authenticator {
  /** Judges the header of a request; `isTokenRoute`: it came to the route for bearer tokens. */
  authenticate(header: string | undefined, isTokenRoute: boolean, negotiator: Negotiator | undefined): Promise<Caller>;
  /** Takes this token and no other from now on, as when the old one has expired. */
  rotate(token: string): void;
}

/** The bearer route takes tokens of Entra ID, the other one Kerberos. NTLM is rejected, as of version 2509. */
export function createAuthenticator(firstToken: string): Authenticator {
  let accepted = firstToken;
  return {
    rotate: (token) => {
      accepted = token;
    },
    authenticate: async (header, isTokenRoute, negotiator) => {
      const [scheme = '', credentials = ''] = (header ?? '').split(' ');
      if (isTokenRoute) {
        return scheme.toLowerCase() === 'bearer' && isSame(credentials, accepted)
          ? { kind: 'Known', name: 'bearer', headers: {} }
          : unauthorized('Bearer');
      }
      if (scheme.toLowerCase() !== 'negotiate' || negotiator === undefined) return unauthorized('Negotiate');
      const token = Buffer.from(credentials, 'base64');
      if (token.subarray(0, 7).toString('latin1') === 'NTLMSSP') return unauthorized('Negotiate');
      return callerFrom(await negotiator(token));
    },
  };
}

function callerFrom(acceptance: Acceptance): Caller {
  switch (acceptance.kind) {
    case 'Accepted': {
      const { principal, reply } = acceptance;
      const headers = reply === undefined ? {} : { 'WWW-Authenticate': `Negotiate ${reply.toString('base64')}` };
      return { kind: 'Known', name: principal, headers };
    }
    case 'Continue':
      return unauthorized(`Negotiate ${acceptance.reply.toString('base64')}`);
    case 'Refused':
      return unauthorized('Negotiate');
    default:
      return acceptance satisfies never;
  }
}

function unauthorized(challenge: string): Caller {
  return { kind: 'Refused', reply: { status: 401, headers: { 'WWW-Authenticate': challenge } } };
}

function isSame(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
