/** Where tickets come from. */
export interface KerberosRealm {
  /** Such as `CONTOSO.COM`. */
  readonly realm: string;
  /** Domain controllers, each with a port if it is not 88; empty: DNS names them. */
  readonly kdcs: readonly string[];
}

const REALM = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const KDC = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;
const PRINCIPAL = /^[^\s@\\"#{}[\]]+@([^\s@]+)$/;

/**
 * The realm in the name of an account, such as `svc-cmg@CONTOSO.COM`.
 *
 * @throws Error in words for people, when it has none
 */
export function realmOf(principal: string): string {
  const realm = PRINCIPAL.exec(principal)?.[1] ?? '';
  if (REALM.test(realm)) return realm;
  throw new Error(`The account has to be written with its realm, such as svc-cmg@CONTOSO.COM, not "${principal}".`);
}

/**
 * The content of `krb5.conf` (`man krb5.conf`) for one Site.
 *
 * @throws Error in words for people, when a name could be read as something else
 */
export function krb5Configuration({ realm, kdcs }: KerberosRealm): string {
  if (!REALM.test(realm)) throw new Error(`"${realm}" is no name of a realm, such as CONTOSO.COM.`);
  for (const kdc of kdcs) {
    if (!KDC.test(kdc))
      throw new Error(`"${kdc}" is no domain controller, such as dc01.contoso.com or dc01.contoso.com:88.`);
  }
  return [
    '[libdefaults]',
    `  default_realm = ${realm}`,
    `  dns_lookup_kdc = ${kdcs.length === 0}`,
    '  dns_lookup_realm = false',
    // The name in the address is the one in the service principal name; what DNS makes of it proves nothing.
    '  dns_canonicalize_hostname = false',
    '  rdns = false',
    // Tickets of Active Directory are often larger than a datagram.
    '  udp_preference_limit = 1',
    // By the time that the domain controller says, a wrong clock of this machine does no harm.
    '  kdc_timesync = 1',
    '',
    ...(kdcs.length === 0 ? [] : ['[realms]', `  ${realm} = {`, ...kdcs.map((kdc) => `    kdc = ${kdc}`), '  }', '']),
  ].join('\n');
}

/**
 * The service principal of an AdminService in the form of GSSAPI, `HTTP@provider.contoso.com`.
 *
 * *Documented*: an address that is no FQDN makes Windows fall back to NTLM, which sites reject as of version 2509.
 *
 * @throws Error in words for people, when the address has no full DNS name
 */
export function serviceOf(origin: string): string {
  const host = new URL(origin).hostname;
  if (!/^\[|^[0-9.]+$/.test(host) && host.includes('.')) return `HTTP@${host}`;
  throw new Error(
    `Kerberos needs the full DNS name of the SMS Provider in the address, such as https://provider.contoso.com, not ${host}.`,
  );
}
