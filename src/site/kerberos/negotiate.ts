/** NTLM's messages begin with this, and SPNEGO names the mechanism by 1.3.6.1.4.1.311.2.2.10. */
const NTLM_MARKS = [
  Buffer.from('NTLMSSP\0', 'latin1'),
  Buffer.from([0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a]),
];

/** What a server says of `Negotiate` (RFC 4559). */
export type NegotiateChallenge =
  | { readonly kind: 'Token'; readonly token: string }
  /** It takes Negotiate, and says nothing of what it was sent. */
  | { readonly kind: 'Bare' }
  /** It does not take Negotiate; what it does take. */
  | { readonly kind: 'NotOffered'; readonly schemes: readonly string[] };

/**
 * Finds the challenge in the values of `WWW-Authenticate`.
 *
 * @throws Error when it is NTLM, which is never used
 */
export function negotiateChallenge(challenges: readonly string[]): NegotiateChallenge {
  const found = challenges.map((challenge) => /^Negotiate(?:\s+(\S+))?\s*$/i.exec(challenge)).find((match) => match);
  if (found === undefined || found === null) {
    return { kind: 'NotOffered', schemes: challenges.map((challenge) => challenge.split(' ')[0] ?? '') };
  }
  const token = found[1];
  if (token === undefined) return { kind: 'Bare' };
  refuseNtlm(token, 'The site answered');
  return { kind: 'Token', token };
}

/** The value of `Authorization` for a token. @throws Error when it is NTLM, which is never sent */
export function negotiateHeader(token: string): string {
  refuseNtlm(token, 'The Kerberos library answered');
  return `Negotiate ${token}`;
}

function refuseNtlm(token: string, who: string): void {
  const bytes = Buffer.from(token, 'base64');
  if (NTLM_MARKS.some((mark) => bytes.includes(mark))) {
    throw new Error(`${who} with NTLM, which the operator never uses: the site has to take Kerberos.`);
  }
}
