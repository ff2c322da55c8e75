import type { Site as SiteObject } from '../../api/v1alpha1/site.generated.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Site } from '../../site/site.ts';
import { readSecretKeys, type SecretReader, textOf } from '../cmg/secrets.ts';

/** How a site is reached, and what may be done there. */
export interface SiteConnection {
  /** Of the SMS Provider. */
  readonly url: string;
  /** PEM of further authorities that the site's certificate may come from. */
  readonly caBundle: string | undefined;
  readonly signIn: SiteSignIn;
  /** Whether writes may be made whose form is only inferred. */
  readonly allowUnproven: boolean;
}

/** As whom the operator signs in. What proves it is read where it is kept, whenever it is used. */
export type SiteSignIn =
  | { readonly kind: 'Bearer'; readonly readToken: (signal: AbortSignal) => Promise<string> }
  | {
      readonly kind: 'Kerberos';
      /** The account with its realm. */
      readonly principal: string;
      /** Domain controllers; none: DNS names them. */
      readonly kdcs: readonly string[];
      readonly readKeytab: (signal: AbortSignal) => Promise<Uint8Array>;
    };

/** A way to a site that can be closed. */
export interface SiteSession {
  readonly site: Site;
  close(): Promise<void>;
}

/** Opens the way to a site; it connects when it is first used. Throws when the address is none. */
export type OpenSite = (connection: SiteConnection) => SiteSession;

/** The operator's ways to sites. Objects of one Site share one, and with it what is read. */
export interface SiteAccess {
  /** The way to the site of an object. */
  open(site: SiteObject): Site;
  /** The object is gone. */
  forget(uid: string): void;
  /** Closes every way, and takes keytabs and tickets from this machine. */
  close(): Promise<void>;
}

export interface SiteAccessOptions {
  readonly secrets: SecretReader;
  readonly openSite: OpenSite;
  readonly logger: Pick<Logger, 'warn'>;
}

export function createSiteAccess({ secrets, openSite, logger }: SiteAccessOptions): SiteAccess {
  const sessions = new Map<string, { readonly key: string; readonly session: SiteSession }>();
  let isClosed = false;
  const close = (session: SiteSession) =>
    session.close().catch((err: unknown) => logger.warn({ err }, 'A way to a site could not be closed.'));
  const drop = (uid: string) => {
    const known = sessions.get(uid);
    sessions.delete(uid);
    if (known !== undefined) void close(known.session);
  };
  return {
    forget: drop,
    close: async () => {
      isClosed = true;
      const closing = [...sessions.values()].map(({ session }) => close(session));
      sessions.clear();
      await Promise.all(closing);
    },
    open: (site) => {
      // A round that is still under way would leave behind what it opens.
      if (isClosed) throw new Error('The ways to sites are closed, as the operator ends.');
      const { uid } = site.metadata;
      const { adminService, allowUnproven } = site.spec;
      const key = JSON.stringify([adminService, allowUnproven]);
      const known = sessions.get(uid);
      if (known?.key === key) {
        return known.session.site;
      }
      drop(uid);
      const { url, caBundle } = adminService;
      const session = openSite({ url, caBundle, allowUnproven, signIn: signInOf(site, secrets) });
      sessions.set(uid, { key, session });
      return session.site;
    },
  };
}

function signInOf({ metadata, spec }: SiteObject, secrets: SecretReader): SiteSignIn {
  const { bearer, kerberos } = spec.adminService.auth;
  const read = async ({ name, key }: SecretKey, purpose: string, signal: AbortSignal) => {
    const request = { namespace: metadata.namespace, name, keys: [key], purpose };
    const found = await readSecretKeys(secrets, request, signal);
    if (found.kind === 'Missing') {
      throw new Error(found.message);
    }
    return found.values[0] ?? new Uint8Array();
  };
  if (kerberos !== undefined) {
    const { principal, kdcs = [], keytabSecretRef } = kerberos;
    const purpose = 'spec.adminService.auth.kerberos.keytabSecretRef';
    return { kind: 'Kerberos', principal, kdcs, readKeytab: (signal) => read(keytabSecretRef, purpose, signal) };
  }
  if (bearer !== undefined) {
    const purpose = 'spec.adminService.auth.bearer.secretRef';
    return { kind: 'Bearer', readToken: async (signal) => textOf(await read(bearer.secretRef, purpose, signal)) };
  }
  // The definition lets none in.
  throw new Error('spec.adminService.auth says of no way to sign in.');
}

interface SecretKey {
  readonly name: string;
  readonly key: string;
}
