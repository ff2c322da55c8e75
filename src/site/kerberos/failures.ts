/** What is wrong, as far as the operator acts on it. */
export type KerberosFailureKind =
  /** Another keytab may cure it. */
  | 'Keytab'
  /** A new ticket may cure it. */
  | 'Ticket'
  | 'Other';

/** Who wanted to sign in to what. */
export interface SignIn {
  /** Such as `svc-cmg@CONTOSO.COM`. */
  readonly principal: string;
  readonly realm: string;
  /** As GSSAPI names it: `HTTP@provider.contoso.com`. */
  readonly service: string;
}

/** Kerberos failed; the message says in plain words what to do about it. */
export class KerberosError extends Error {
  override readonly name = 'KerberosError';
  readonly kind: KerberosFailureKind;

  constructor(kind: KerberosFailureKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

interface Explanation {
  /** In the words of MIT Kerberos 1.20, from its tables of errors, in English. */
  readonly says: RegExp;
  readonly kind: KerberosFailureKind;
  readonly message: (signIn: SignIn) => string;
}

/** The first that matches holds. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    says: /Server krbtgt\/\S+ not found/,
    kind: 'Other',
    message: ({ realm, service }) =>
      `The domain ${realm} knows no way to the domain of ${hostOf(service)}. The account has to be in the domain of the site or in one that it trusts.`,
  },
  {
    says: /Server \S* ?not found|Server not found|Matching credential not found/,
    kind: 'Other',
    message: ({ realm, service }) =>
      `The domain ${realm} does not know the service principal name ${spnOf(service)}. Use the full DNS name of the computer itself and no alias, or register the alias: setspn -S ${spnOf(service)} <computer>.`,
  },
  {
    says: /Client '?\S* ?not found in Kerberos database/,
    kind: 'Other',
    message: ({ principal, realm }) =>
      `The domain ${realm} does not know the account ${principal}. Its name is the user logon name, with the realm in capitals.`,
  },
  {
    says: /Can't find client principal|No key table entry found|no suitable keys|Key table file .* not found/i,
    kind: 'Keytab',
    message: ({ principal }) =>
      `The keytab in the Secret holds no key for ${principal}. Capitals count; "klist -k" shows for whom it was made.`,
  },
  {
    says: /Preauthentication failed|Password incorrect|Decrypt integrity check failed|Key version .* not available/i,
    kind: 'Keytab',
    message: ({ principal }) =>
      `The keytab in the Secret does not fit ${principal} any more: the password of the account was changed after the keytab was made. Make a new keytab and put it into the Secret.`,
  },
  {
    says: /no support for encryption type|Encryption type .* not (?:permitted|supported)|KDC has no/i,
    kind: 'Keytab',
    message: ({ principal }) =>
      `The domain does not take the kind of key that the keytab holds for ${principal}. Make one with AES-256 (ktpass -crypto AES256-SHA1), and let the account support AES.`,
  },
  {
    says: /credentials have been revoked|Client's entry in database has expired/i,
    kind: 'Other',
    message: ({ principal }) => `The account ${principal} is disabled, locked or expired in the domain.`,
  },
  {
    says: /Password has expired|Key has expired/i,
    kind: 'Keytab',
    message: ({ principal }) =>
      `The password of ${principal} has expired. Set a new one, make a new keytab and put it into the Secret.`,
  },
  {
    says: /Clock skew too great|not yet valid/i,
    kind: 'Other',
    message: ({ realm, service }) =>
      `The clocks of ${hostOf(service)}, of the domain ${realm} and of this machine differ by more than five minutes. Set the one that is wrong.`,
  },
  {
    says: /Ticket expired|credentials? (?:has|have)? ?expired|ticket is likely out of date/i,
    kind: 'Ticket',
    message: ({ service }) => `The ticket for ${spnOf(service)} has expired; the next request gets a new one.`,
  },
  {
    says: /Cannot find KDC|Cannot contact any KDC|Cannot resolve (?:network address|servers)|timed out/i,
    kind: 'Other',
    message: ({ realm }) =>
      `No domain controller of ${realm} answers. Without kdcs in the Site they are found by the DNS records _kerberos._tcp.${realm.toLowerCase()}; port 88 (TCP) has to be open.`,
  },
];

/** Says in plain words what a message of GSSAPI means, with the message itself at its end. */
export function explainFailure(text: string, signIn: SignIn): KerberosError {
  const detail = text.replace(/^.*Minor code may provide more information: */, '').trim();
  const found = EXPLANATIONS.find(({ says }) => says.test(detail));
  if (found === undefined) return new KerberosError('Other', `Signing in by Kerberos failed: ${detail}`);
  return new KerberosError(found.kind, `${found.message(signIn)} (${detail})`);
}

/** The native module, or what it loads, is not there. */
export function moduleMissing(text: string): KerberosError {
  return new KerberosError(
    'Other',
    `Kerberos needs the npm package kerberos with its native module, and the MIT libraries libgssapi_krb5 and libkrb5. The image of the operator has them; elsewhere see "Kerberos outside the image" in docs/how-to/site-kerberos.md. (${text.split('\n')[0]})`,
  );
}

/** The site did not take a ticket that was new. */
export function ticketRefused({ principal, service }: SignIn, reason: string | undefined): KerberosError {
  return new KerberosError(
    'Other',
    `${hostOf(service)} refused a new ticket for ${spnOf(service)} from ${principal}. Either this service principal name belongs to another account than the one that the SMS Provider runs under, or its clock differs from that of the domain by more than five minutes.${reason === undefined ? '' : ` (${reason})`}`,
  );
}

/** The site asks for another way of signing in. */
export function notOffered(origin: string, schemes: readonly string[]): KerberosError {
  const offered = schemes.length === 0 ? 'nothing' : schemes.join(', ');
  return new KerberosError(
    'Other',
    `${origin} does not take Kerberos here: it offers ${offered} where it should offer Negotiate. NTLM is never used.`,
  );
}

/** An answer did not show who gave it. */
export function notProven({ service }: SignIn): KerberosError {
  return new KerberosError(
    'Other',
    `What answered did not prove that it is ${spnOf(service)}: something may stand between the operator and the SMS Provider.`,
  );
}

/** `HTTP/provider.contoso.com`, as `setspn` writes it. */
function spnOf(service: string): string {
  return service.replace('@', '/');
}

function hostOf(service: string): string {
  return service.slice(service.indexOf('@') + 1);
}
