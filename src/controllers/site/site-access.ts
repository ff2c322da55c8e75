import type { Site as SiteObject } from '../../api/v1alpha1/site.generated.ts';
import type { Site } from '../../site/site.ts';
import { readSecretKeys, type SecretReader, textOf } from '../cmg/secrets.ts';
import type { SiteProblem } from './site-problem.ts';

/** How a site is reached, and what may be done there. */
export interface SiteConnection {
  /** Of the SMS Provider. */
  readonly url: string;
  /** PEM of further authorities that the site's certificate may come from. */
  readonly caBundle: string | undefined;
  /** Reads the bearer token where it is kept. */
  readonly readToken: (signal: AbortSignal) => Promise<string>;
  /** Whether writes may be made whose form is only inferred. */
  readonly allowUnproven: boolean;
}

/** A way to a site that can be closed. */
export interface SiteSession {
  readonly site: Site;
  close(): Promise<void>;
}

/** Opens the way to a site; it connects when it is first used. Throws when the address is none. */
export type OpenSite = (connection: SiteConnection) => SiteSession;

/** The operator's ways to sites. Objects of one Site share one, and with it what is read. */
export interface SiteAccess {
  /** The way to the site of an object, or why there is none. */
  open(site: SiteObject): { readonly kind: 'Open'; readonly site: Site } | (SiteProblem & { readonly kind: 'Closed' });
  /** The object is gone. */
  forget(uid: string): void;
}

export interface SiteAccessOptions {
  readonly secrets: SecretReader;
  readonly openSite: OpenSite;
}

/** Until somebody changes the Site, there is no use in looking again. */
const UNTIL_CHANGED_MS = 3_600_000;

export function createSiteAccess({ secrets, openSite }: SiteAccessOptions): SiteAccess {
  const sessions = new Map<string, { readonly key: string; readonly session: SiteSession }>();
  const drop = (uid: string) => {
    void sessions.get(uid)?.session.close();
    sessions.delete(uid);
  };
  return {
    forget: drop,
    open: (site) => {
      const { uid } = site.metadata;
      const connection = connectionOf(site, secrets);
      if (connection === undefined) {
        drop(uid);
        return {
          kind: 'Closed',
          status: 'False',
          reason: 'KerberosNotAvailable',
          message:
            'The Site signs in with Kerberos, and the Kerberos module is not part of this build of the operator. Use spec.adminService.auth.type Bearer.',
          retryAfterMs: UNTIL_CHANGED_MS,
        };
      }
      const { adminService, allowUnproven } = site.spec;
      const key = JSON.stringify([adminService, allowUnproven]);
      const known = sessions.get(uid);
      if (known?.key === key) {
        return { kind: 'Open', site: known.session.site };
      }
      drop(uid);
      const session = openSite(connection);
      sessions.set(uid, { key, session });
      return { kind: 'Open', site: session.site };
    },
  };
}

/** `undefined`: with Kerberos. */
function connectionOf({ metadata, spec }: SiteObject, secrets: SecretReader): SiteConnection | undefined {
  const { url, caBundle, auth } = spec.adminService;
  if (auth.bearer === undefined) {
    return undefined;
  }
  const { name, key } = auth.bearer.secretRef;
  const { namespace } = metadata;
  return {
    url,
    caBundle,
    allowUnproven: spec.allowUnproven,
    readToken: async (signal) => {
      const purpose = 'spec.adminService.auth.bearer.secretRef';
      const found = await readSecretKeys(secrets, { namespace, name, keys: [key], purpose }, signal);
      if (found.kind === 'Missing') {
        throw new Error(found.message);
      }
      return textOf(found.values[0]);
    },
  };
}
