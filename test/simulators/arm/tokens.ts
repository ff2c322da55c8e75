import { generateKeyPair, type KeyObject, type KeyPairKeyObjectResult, randomUUID, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { isJsonObject, type JsonObject } from '../../../src/json.ts';

/** A JSON Web Token taken apart, its signature not yet checked. */
export interface DecodedToken {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly signed: string;
  readonly signature: Buffer;
}

/** Takes a JWT apart; `undefined` when it is none. */
export function decodeToken(token: string): DecodedToken | undefined {
  const [header, claims, signature, ...more] = token.split('.');
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0) return undefined;
  const parts = [header, claims].map((part) => {
    try {
      const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
      return isJsonObject(value) ? value : undefined;
    } catch {
      return undefined;
    }
  });
  const [decodedHeader, decodedClaims] = parts;
  if (decodedHeader === undefined || decodedClaims === undefined) return undefined;
  return {
    header: decodedHeader,
    claims: decodedClaims,
    signed: `${header}.${claims}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

/** Whether the token was signed with the private key of `key`, by RS256, PS256 or ES256 as its header says. */
export function isSignedBy(token: DecodedToken, key: KeyObject): boolean {
  const data = Buffer.from(token.signed);
  switch (token.header.alg) {
    case 'RS256':
      return verify('sha256', data, key, token.signature);
    case 'PS256':
      return verify('sha256', data, { key, padding: 6, saltLength: 32 }, token.signature);
    case 'ES256':
      return verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, token.signature);
    default:
      return false;
  }
}

/** What an issuer finds about a token. */
export type TokenCheck =
  | { readonly kind: 'Valid'; readonly claims: JsonObject }
  | { readonly kind: 'Invalid' }
  | { readonly kind: 'Expired' };

/** Issues tokens, and recognises its own. */
export interface TokenIssuer {
  readonly keyId: string;
  /** As the `keys` endpoint publishes it. */
  readonly publicJwk: JsonObject;
  issue(claims: JsonObject): string;
  /** The claims of a token that this issuer signed and that has not expired; else why not. */
  check(token: string): TokenCheck;
}

const MOST_KNOWN = 1000;

/** Making one takes long: all issuers of a process have this one. */
let keyPair: Promise<KeyPairKeyObjectResult> | undefined;

/**
 * Makes an issuer, which knows its own tokens from those of others by the id of its key. Times of tokens are those of the
 * machine: clients check them with that clock.
 */
export async function createTokenIssuer(): Promise<TokenIssuer> {
  keyPair ??= promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const { publicKey, privateKey } = await keyPair;
  const keyId = randomUUID().replaceAll('-', '');
  /** Claims of tokens whose signature is known to be right: each comes with many requests, and checking it takes long. */
  const known = new Map<string, JsonObject>();
  const claimsOf = (token: string): JsonObject | undefined => {
    const before = known.get(token);
    if (before !== undefined) return before;
    const decoded = decodeToken(token);
    if (decoded === undefined || decoded.header.kid !== keyId || !isSignedBy(decoded, publicKey)) return undefined;
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(token, decoded.claims);
    return decoded.claims;
  };
  return {
    keyId,
    publicJwk: { ...(publicKey.export({ format: 'jwk' }) as JsonObject), use: 'sig', kid: keyId, alg: 'RS256' },
    issue: (claims) => {
      const signed = [{ typ: 'JWT', alg: 'RS256', kid: keyId, x5t: keyId }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
    },
    check: (token) => {
      const claims = claimsOf(token);
      if (claims === undefined) return { kind: 'Invalid' };
      return Number(claims.exp) * 1000 > Date.now() ? { kind: 'Valid', claims } : { kind: 'Expired' };
    },
  };
}
